// C++ on POSIX threads: containers, lambdas, atomics, objects that are constructed once, by threads, and destroyed at their ends.
#include <pthread.h>
#include <sched.h>
#include <atomic>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
std::map<std::string, int> seen;
std::atomic<int> total{0}, constructed{0}, destroyed{0};

struct Lock {
	Lock() { pthread_mutex_lock(&mutex); }
	~Lock() { pthread_mutex_unlock(&mutex); }
};

struct Global {
	Global() { std::printf("global constructed\n"); }
	~Global() { std::printf("global destroyed, locals too: %d\n", destroyed.load()); }
} global;

struct Slow {
	int value = 0;
	Slow() {
		for (int i = 0; i < 50; i++) sched_yield();
		value = ++constructed;
	}
};

struct Local {
	std::vector<int> numbers;
	~Local() { destroyed += static_cast<int>(numbers.size()) == 100; }
};
thread_local Local mine;

int once() {
	static Slow slow;
	return slow.value;
}

void *work(void *arg) {
	auto name = std::make_unique<std::string>("thread " + std::to_string(reinterpret_cast<long>(arg) % 3));
	for (int n = 0; n < 100; n++) {
		mine.numbers.push_back(n);
		Lock lock;
		seen[*name] += once();
	}
	total += static_cast<int>(mine.numbers.size());
	return arg;
}

}

int main() {
	std::vector<pthread_t> threads(8);
	for (size_t i = 0; i < threads.size(); i++) pthread_create(&threads[i], nullptr, work, reinterpret_cast<void *>(i));
	for (auto t : threads) pthread_join(t, nullptr);
	for (auto &[name, count] : seen) std::printf("%s: %d\n", name.c_str(), count);
	work(nullptr);
	std::printf("%d numbers, constructed %d times, %d locals destroyed\n", total.load(), constructed.load(), destroyed.load());
	return 0;
}
