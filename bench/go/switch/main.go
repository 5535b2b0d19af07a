// Measures a switch between two goroutines on one processor: both call runtime.Gosched and nothing else. Nanoseconds a
// switch.  BENCH_MILLISECONDS: how long to measure.

package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

const batch = 4096

func main() {
	runtime.GOMAXPROCS(1)
	milliseconds, err := strconv.Atoi(os.Getenv("BENCH_MILLISECONDS"))
	if err != nil {
		milliseconds = 400
	}
	measure(milliseconds) // warm-up
	nanoseconds, fair := measure(milliseconds)
	fmt.Printf("{\"name\":\"go\",\"value\":%.4f,\"unit\":\"ns\",\"ok\":%t}\n", nanoseconds, fair)
}

func measure(milliseconds int) (nanoseconds float64, fair bool) {
	var all sync.WaitGroup
	var switches [2]int
	start := time.Now()
	stop := start.Add(time.Duration(milliseconds) * time.Millisecond)
	for k := range switches {
		all.Add(1)
		go func(count *int) {
			for time.Now().Before(stop) {
				for i := 0; i < batch; i++ {
					runtime.Gosched()
				}
				*count += batch
			}
			all.Done()
		}(&switches[k])
	}
	all.Wait()
	sum, difference := switches[0]+switches[1], switches[0]-switches[1]
	return float64(time.Since(start).Nanoseconds()) / float64(sum), 50*difference <= sum && -50*difference <= sum
}
