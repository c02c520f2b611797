// Command bench measures the real binary: start, memory, and single hits over keep-alive
// connections until they are stored, against the same handler without journal, NSQ and DuckDB in
// the same run. `make bench` runs it; it prints Markdown for BENCHMARKS.md.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"strings"
	"time"
)

func main() {
	binary := flag.String("binary", "bin/hitkeep", "the binary to measure")
	baseline := flag.String("baseline", "bin/hitkeep-failpoints", "a build with the tag failpoints, for the handler without storage")
	conns := flag.Int("conns", 64, "keep-alive connections")
	seconds := flag.Int("seconds", 10, "length of each load")
	flag.Parse()
	log.SetFlags(0)
	if err := run(*binary, *baseline, *conns, time.Duration(*seconds)*time.Second); err != nil {
		log.Fatal("bench: ", err)
	}
}

func run(binary, baseline string, conns int, length time.Duration) error {
	fmt.Printf("%d CPUs (%s), %s, shared with the load generator; %d connections, %v\n\n",
		runtime.NumCPU(), cpuModel(), runtime.Version(), conns, length)
	bare, err := measure(baseline, []string{"HITKEEP_SEEDED_BUG=no-journal"}, conns, length)
	if err != nil {
		return fmt.Errorf("baseline: %w", err)
	}
	real, err := measure(binary, nil, conns, length)
	if err != nil {
		return err
	}
	fmt.Println("| figure | value | goal |\n|---|---|---|")
	row := func(what, value, goal string) { fmt.Printf("| %s | %s | %s |\n", what, value, goal) }
	row("start to ready, empty directory", fmt.Sprintf("%.2f s", real.ready.Seconds()), "< 1 s")
	row("RSS idle, one site, after one hit", mb(real.idleRSS), "<= 96 MB")
	row("acknowledged (fsynced) hits/s", fmt.Sprintf("%.0f", real.perSecond()), ">= 10,000")
	row("stored hits/s, until the last one is visible", fmt.Sprintf("%.0f", float64(real.acked)/(real.length+real.drain).Seconds()), "the same pace")
	row("from the last answer until all are stored", fmt.Sprintf("%.2f s", real.drain.Seconds()), "")
	row("latency p50 / p99", fmt.Sprintf("%.1f / %.1f ms", ms(real.quantile(0.5)), ms(real.quantile(0.99))), "p99 < 30 ms")
	row("RSS highest under load", mb(real.peakRSS), "<= 160 MB")
	row("the same handler without storage, hits/s", fmt.Sprintf("%.0f", bare.perSecond()), "")
	row("ratio", fmt.Sprintf("%.0f %%", 100*real.perSecond()/bare.perSecond()), ">= 40 %")
	row("rows found by SQL / acknowledged", fmt.Sprintf("%d / %d", real.stored, real.acked), "equal")
	if real.stored != real.acked {
		return fmt.Errorf("%d hits were acknowledged and %d are stored", real.acked, real.stored)
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
func mb(kb int64) string         { return fmt.Sprintf("%d MB", kb/1024) }

func cpuModel() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for _, line := range strings.Split(string(b), "\n") {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimLeft(name, "\t :")
		}
	}
	return runtime.GOARCH
}
