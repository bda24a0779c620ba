package otlp_test

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/otlp"
)

func Example() {
	f, err := os.Open("../testdata/go1.26.8-annotations.trace")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()

	var spans bytes.Buffer
	_, err = convert.Run(context.Background(), f, convert.Options{Name: "annotations"},
		otlp.New(&spans, otlp.Options{Service: "shop"}))
	if err != nil {
		fmt.Println(err)
		return
	}
	line, _, _ := bytes.Cut(spans.Bytes(), []byte(`]},"scopeSpans"`))
	fmt.Printf("%s\n", line)
	// Output:
	// {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"process.runtime.name","value":{"stringValue":"go"}},{"key":"process.runtime.version","value":{"stringValue":"go1.26"}},{"key":"host.name","value":{"stringValue":"localhost"}},{"key":"ip","value":{"stringValue":"127.0.0.1"}}
}
