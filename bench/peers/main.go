// The Go peers of the benchmarks: cel-go with the options of the Kubernetes API server, encoding/json, sigs.k8s.io/yaml.
// One JSON row a measurement, the same names as Ameia's. Run by bench/run.py where Go is installed.
//
//	peers pss19 POD.json POLICIES.json | peers compile | peers yaml FILE | peers json FILE
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"
	"sigs.k8s.io/yaml"
)

type row struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

func emit(name string, value float64, unit string) {
	line, _ := json.Marshal(row{name, value, unit})
	fmt.Println(string(line))
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
	return value
}

func environment() *cel.Env {
	return must(cel.NewEnv(
		cel.OptionalTypes(), cel.CrossTypeNumericComparisons(true), cel.DefaultUTCTimeZone(true), cel.EagerlyValidateDeclarations(true),
		ext.Strings(ext.StringsVersion(2)), ext.Sets(),
		cel.Variable("object", cel.DynType), cel.Variable("variables", cel.MapType(cel.StringType, cel.DynType))))
}

func program(env *cel.Env, expression string) cel.Program {
	ast, issues := env.Compile(expression)
	must(0, issues.Err())
	return must(env.Program(ast, cel.EvalOptions(cel.OptOptimize, cel.OptTrackCost), cel.CostLimit(1_000_000), cel.InterruptCheckFrequency(100)))
}

// The microseconds of one run, the best of five measurements of at least 200 ms, on one core.
func best(run func()) float64 {
	runtime.GOMAXPROCS(1)
	result := 0.0
	for round := 0; round < 5; round++ {
		n := 1
		for {
			start := time.Now()
			for i := 0; i < n; i++ {
				run()
			}
			taken := time.Since(start)
			if taken >= 200*time.Millisecond {
				micros := float64(taken.Nanoseconds()) / 1000 / float64(n)
				if result == 0 || micros < result {
					result = micros
				}
				break
			}
			n *= 2
		}
	}
	return result
}

func pss19(podFile, policyFile string) {
	podBytes := must(os.ReadFile(podFile))
	var policies []struct {
		Set  string      `json:"set"`
		Vars [][2]string `json:"vars"`
		Vals []string    `json:"vals"`
	}
	must(0, json.Unmarshal(must(os.ReadFile(policyFile)), &policies))
	env := environment()
	type variable struct {
		name string
		prg  cel.Program
	}
	type policy struct {
		vars []variable
		vals []cel.Program
	}
	var compiled []policy
	expressions := 0
	for _, p := range policies {
		if p.Set != "vpol-pss-baseline" {
			continue
		}
		var c policy
		for _, v := range p.Vars {
			c.vars = append(c.vars, variable{v[0], program(env, v[1])})
		}
		for _, v := range p.Vals {
			c.vals = append(c.vals, program(env, v))
			expressions++
		}
		compiled = append(compiled, c)
	}
	run := func() {
		var pod map[string]any
		must(0, json.Unmarshal(podBytes, &pod))
		for _, p := range compiled {
			variables := map[string]any{}
			input := map[string]any{"object": pod, "variables": variables}
			for _, v := range p.vars {
				out, _, err := v.prg.Eval(input)
				must(out, err)
				variables[v.name] = out
			}
			for _, v := range p.vals {
				out, _, err := v.Eval(input)
				must(out, err)
			}
		}
	}
	emit("pss19_pod", best(run), "us")
	emit("pss19_pod_allocs", testing.AllocsPerRun(100, run), "allocations")
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: peers pss19 POD POLICIES | compile | yaml FILE | json FILE")
		os.Exit(2)
	}
	switch os.Args[1] {
	case "pss19":
		pss19(os.Args[2], os.Args[3])
	case "compile":
		env := environment()
		const expression = "object.spec.containers.all(c, c.image.startsWith('registry.example.com/prod'))  "
		emit("compile_small", best(func() { program(env, expression) }), "us")
	case "yaml":
		text := must(os.ReadFile(os.Args[2]))
		documents := split(text)
		micros := best(func() {
			for _, document := range documents {
				var tree any
				must(0, yaml.Unmarshal(document, &tree))
			}
		})
		emit("yaml_mb_s", float64(len(text))/micros, "MB/s")
	case "json":
		text := must(os.ReadFile(os.Args[2]))
		micros := best(func() {
			var tree map[string]any
			must(0, json.Unmarshal(text, &tree))
		})
		emit("json_mb_s", float64(len(text))/micros, "MB/s")
	}
}

// sigs.k8s.io/yaml reads one document at a time, as kubectl feeds it.
func split(text []byte) [][]byte {
	var documents [][]byte
	start := 0
	for i := 0; i+5 <= len(text); i++ {
		if string(text[i:i+5]) == "\n---\n" {
			documents = append(documents, text[start:i+1])
			start = i + 5
		}
	}
	return append(documents, text[start:])
}
