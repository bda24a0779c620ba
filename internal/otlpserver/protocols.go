package otlpserver

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// overGRPC takes traces over gRPC.
type overGRPC struct {
	collector.UnimplementedTraceServiceServer
	s *Server
}

func (g *overGRPC) Export(ctx context.Context, in *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	r := Request{Protocol: "grpc", Size: proto.Size(in), Headers: make(map[string]string), Context: ctx}
	md, _ := metadata.FromIncomingContext(ctx)
	for name, values := range md {
		r.Headers[name] = strings.Join(values, ",")
	}
	r.Path, _ = grpc.Method(ctx)
	if encoding, ok := ctx.Value(encodingKey{}).(*string); ok {
		r.Compression = *encoding
	}
	a := g.s.take(r, in.ResourceSpans)
	switch {
	case a.Cut:
		g.s.cut()
		return nil, status.Error(codes.Internal, "nobody hears this")
	case a.Status != 0:
		st := status.New(codes.Code(a.Status), a.Message)
		if a.RetryAfter > 0 {
			if with, err := st.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(a.RetryAfter)}); err == nil {
				st = with
			}
		}
		return nil, st.Err()
	}
	return a.response(), nil
}

// encodings tells calls how they are compressed, which gRPC's metadata does not
// have.
type encodings struct{}

type encodingKey struct{}

func (encodings) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, encodingKey{}, new(string))
}

func (encodings) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if head, ok := s.(*stats.InHeader); ok {
		*ctx.Value(encodingKey{}).(*string) = head.Compression
	}
}

func (encodings) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (encodings) HandleConn(context.Context, stats.ConnStats)                       {}

func (a Answer) response() *collector.ExportTraceServiceResponse {
	out := new(collector.ExportTraceServiceResponse)
	if a.Rejected != 0 || a.Notice != "" {
		out.PartialSuccess = &collector.ExportTracePartialSuccess{RejectedSpans: a.Rejected, ErrorMessage: a.Notice}
	}
	return out
}

// overHTTP takes traces over HTTP, as protobuf or JSON.
type overHTTP struct {
	s        *Server
	maxBytes int
}

func (h *overHTTP) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	if in.URL.Path == metricsPath {
		h.serveMetrics(w, in)
		return
	}
	r := Request{Protocol: in.Header.Get("Content-Type"), Path: in.URL.Path, Headers: make(map[string]string), Context: in.Context()}
	for name := range in.Header {
		r.Headers[strings.ToLower(name)] = in.Header.Get(name)
	}
	r.Compression = in.Header.Get("Content-Encoding")
	body, err := readBody(in)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Size = len(body)
	message := new(collector.ExportTraceServiceRequest)
	asJSON := r.Protocol == "application/json"
	if asJSON {
		err = protojson.Unmarshal(body, message) // ids are not what they should be
	} else {
		err = proto.Unmarshal(body, message)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if h.maxBytes > 0 && r.Size > h.maxBytes {
		h.s.mu.Lock()
		h.s.requests = append(h.s.requests, r)
		h.s.mu.Unlock()
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	a := h.s.take(r, message.ResourceSpans)
	switch {
	case a.Cut:
		panic(http.ErrAbortHandler)
	case a.Status != 0:
		if a.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(a.RetryAfter/time.Second)))
		}
		http.Error(w, a.Message, a.Status)
		return
	case a.other(w):
		return
	}
	out, err := proto.Marshal(a.response())
	if asJSON {
		out, err = protojson.Marshal(a.response())
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", r.Protocol)
	w.Write(out)
}

// other writes what is no answer of OTLP, if a is none.
func (a *Answer) other(w http.ResponseWriter) bool {
	switch {
	case a.Page != nil:
		w.Header()["Content-Type"] = nil // or it would be guessed
		if a.PageType != "" {
			w.Header().Set("Content-Type", a.PageType)
		}
		w.Write(a.Page)
	case a.Empty:
		w.WriteHeader(http.StatusOK)
	}
	return a.Page != nil || a.Empty
}

func readBody(in *http.Request) ([]byte, error) {
	if in.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(in.Body)
	}
	z, err := gzip.NewReader(in.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
