// Measures the creation of many goroutines that all live at once, run, and are joined. Argument: how many. Seconds.

package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

func main() {
	runtime.GOMAXPROCS(1)
	many, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	var all sync.WaitGroup
	sum := 0
	start := time.Now()
	all.Add(many)
	for i := 0; i < many; i++ {
		go func(i int) {
			runtime.Gosched()
			sum += i
			all.Done()
		}(i)
	}
	all.Wait()
	seconds := time.Since(start).Seconds()
	fmt.Printf("{\"name\":\"go\",\"value\":%.4f,\"unit\":\"s\",\"ok\":%t}\n", seconds, sum == many*(many-1)/2)
}
