package otlpserver

import (
	"context"
	"net/http"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// metricsPath is where metrics go over HTTP.
const metricsPath = "/v1/metrics"

// Metrics returns the metrics taken so far, in the order in which they came.
func (s *Server) Metrics() []*metrics.ResourceMetrics {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.metrics
}

// takeMetrics answers as to spans; the request has none, and is not kept.
func (s *Server) takeMetrics(r Request, all []*metrics.ResourceMetrics) Answer {
	a := s.answer(r)
	if a.takes() {
		s.mu.Lock()
		s.metrics = append(s.metrics, all...)
		s.mu.Unlock()
	}
	return a
}

func (a Answer) metricsResponse() *collector.ExportMetricsServiceResponse {
	out := new(collector.ExportMetricsServiceResponse)
	if a.Rejected != 0 || a.Notice != "" {
		out.PartialSuccess = &collector.ExportMetricsPartialSuccess{RejectedDataPoints: a.Rejected, ErrorMessage: a.Notice}
	}
	return out
}

// metricsOverGRPC takes metrics over gRPC.
type metricsOverGRPC struct {
	collector.UnimplementedMetricsServiceServer
	s *Server
}

func (g *metricsOverGRPC) Export(ctx context.Context, in *collector.ExportMetricsServiceRequest) (*collector.ExportMetricsServiceResponse, error) {
	a := g.s.takeMetrics(Request{Protocol: "grpc", Context: ctx}, in.ResourceMetrics)
	if a.Status != 0 {
		return nil, status.Error(codes.Code(a.Status), a.Message)
	}
	return a.metricsResponse(), nil
}

// serveMetrics takes metrics over HTTP, as protobuf.
func (h *overHTTP) serveMetrics(w http.ResponseWriter, in *http.Request) {
	body, err := readBody(in)
	message := new(collector.ExportMetricsServiceRequest)
	if err == nil {
		err = proto.Unmarshal(body, message)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r := Request{Protocol: in.Header.Get("Content-Type"), Path: in.URL.Path, Context: in.Context()}
	a := h.s.takeMetrics(r, message.ResourceMetrics)
	if a.Status != 0 {
		http.Error(w, a.Message, a.Status)
		return
	}
	if a.other(w) {
		return
	}
	out, err := proto.Marshal(a.metricsResponse())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", r.Protocol)
	w.Write(out)
}
