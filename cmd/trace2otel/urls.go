package main

import (
	"cmp"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// isURL reports whether an input is to be fetched.
func isURL(input string) bool {
	scheme, _, ok := strings.Cut(input, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// hasScheme matches what is meant for a URL, whether or not it is one.
var hasScheme = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*://`)

// hostOf returns the host of a URL, for the names of outputs.
func hostOf(input string) string {
	u, err := url.Parse(input)
	if err != nil || u.Hostname() == "" {
		return "url"
	}
	return strings.NewReplacer("/", "_", "\\", "_", ":", "_").Replace(u.Hostname())
}

// displayURL returns a URL for messages: without user, password, query and
// fragment, which may be secrets. Of a URL that does not parse, and of one in which
// a password could be taken for the host or the path, it returns the scheme alone.
func displayURL(text string) string {
	scheme := hasScheme.FindString(text)
	rest := text[len(scheme):]
	_, err := url.Parse(text)
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if scheme != "" && err != nil || strings.Contains(rest[end:], "@") {
		return scheme + "…"
	}
	authority, path := rest[:end], rest[end:]
	authority = authority[strings.LastIndex(authority, "@")+1:]
	if at := strings.IndexAny(path, "?#"); at >= 0 {
		path = path[:at] + "?…"
	}
	return printable(scheme + authority + path)
}

// urlWithin matches URLs in a text.
var urlWithin = regexp.MustCompile("[a-zA-Z][a-zA-Z0-9+.-]*://[^\\s\"'`<>]+")

// redactURLs returns a text with all URLs in it as displayURL has them.
func redactURLs(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	return urlWithin.ReplaceAllStringFunc(text, func(u string) string {
		bare := strings.TrimRight(u, ".,:;!?)]}") // which go on with the text
		if strings.HasSuffix(bare, "://") {
			return u
		}
		return displayURL(bare) + u[len(bare):]
	})
}

// newRedactor returns what replaces the URLs that a command line and the environment
// have, as they are and in quotes, also those that cannot be found in a text, as
// with blanks in them.
func newRedactor(args []string) *strings.Replacer {
	for _, name := range []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
		"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy",
	} {
		args = append(args[:len(args):len(args)], os.Getenv(name))
	}
	var pairs [][2]string
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") {
			_, arg, _ = strings.Cut(arg, "=")
		}
		if !hasScheme.MatchString(arg) || displayURL(arg) == arg {
			continue
		}
		quoted := strconv.Quote(arg)
		for _, form := range []string{arg, quoted[1 : len(quoted)-1], printable(arg)} {
			pairs = append(pairs, [2]string{form, displayURL(arg)})
		}
	}
	slices.SortStableFunc(pairs, func(a, b [2]string) int { return cmp.Compare(len(b[0]), len(a[0])) })
	var flat []string
	for _, p := range pairs {
		flat = append(flat, p[0], p[1])
	}
	return strings.NewReplacer(flat...)
}
