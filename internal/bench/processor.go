package main

import (
	"os"
	"strings"
)

// processor returns ", " and the name of the processor, where it is known.
func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	_, after, found := strings.Cut(string(info), "model name")
	if !found {
		return ""
	}
	name, _, _ := strings.Cut(after, "\n")
	return ", " + strings.Trim(name, " \t:")
}
