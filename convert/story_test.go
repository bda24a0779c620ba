package convert_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
)

var update = flag.Bool("update", false, "write the records of the stories anew")

// TestStories tells events to the engine and holds the records that come out
// against those in testdata/story. A story's name says which rule it is about;
// its first lines say what to look for.
func TestStories(t *testing.T) {
	paths, err := filepath.Glob("testdata/story/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no stories: ", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { tell(t, path) })
	}
}

func tell(t *testing.T, path string) {
	story, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(story.Files) != 2 || story.Files[1].Name != "records" {
		t.Fatal("a story has events and records")
	}
	o := window(t, story.Files[0].Name)
	events := string(story.Files[0].Data)
	for _, size := range []int{0, 1, 3} {
		o.BatchSize = size
		var got strings.Builder
		err := convert.RunStory("go 1.26", events, o,
			&sinktest.Printer{W: &got, Stacks: true}, new(sinktest.Checker))
		if err != nil {
			t.Error(err)
		}
		want := string(story.Files[1].Data)
		if got.String() == want {
			continue
		}
		if *update {
			story.Files[1].Data = []byte(got.String())
			if err := os.WriteFile(path, txtar.Format(story), 0o666); err != nil {
				t.Fatal(err)
			}
			return
		}
		t.Errorf("batches of %d: got\n%s\nwant\n%s", size, got.String(), want)
	}
}

// window returns the options of a story: it is about all of a trace, or, as
// "events from 100ns to 300ns", about a part.
func window(t *testing.T, name string) convert.Options {
	var o convert.Options
	words := strings.Fields(name)
	for i, w := range words {
		var err error
		switch {
		case w == "from" && i+1 < len(words):
			o.From, err = time.ParseDuration(words[i+1])
		case w == "to" && i+1 < len(words):
			o.To, err = time.ParseDuration(words[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if words[0] != "events" {
		t.Fatal("a story begins with events")
	}
	return o
}
