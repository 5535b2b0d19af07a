/* What wasm-call.mjs calls: a library. */
__attribute__((export_name("sum"))) int sum(int a, int b) {
	return a + b;
}
