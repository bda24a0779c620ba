// Package browsertest opens the pages of package stats in a real browser,
// headless Chromium, as a reader would. It is a module of its own, so that
// nobody who uses ours has to take the browser's driver with it.
package browsertest
