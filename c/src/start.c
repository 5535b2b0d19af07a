/* Where a program begins; a library is linked without. */
#include <stdlib.h>

extern int __main_void(void);
void _initialize(void);

void _start(void) {
	_initialize();
	exit(__main_void());
}
