package main

import "testing"

func TestWorstExitCodeWins(t *testing.T) {
	order := []exitCode{exitOK, exitLoss, exitAsserted, exitFailed, exitUsage, 130}
	for i, a := range order {
		for j, b := range order {
			if got, want := worse(a, b), order[max(i, j)]; got != want {
				t.Errorf("worse(%d, %d) = %d, want %d", a, b, got, want)
			}
		}
	}
}
