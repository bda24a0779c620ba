package stats

import (
	"fmt"
	"html"
	"image"
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// A tone is a colour by its name: a class of the page's style sheet, which
// knows what it looks like by day and by night. To the plotting library it
// passes for black.
type tone string

// RGBA implements [color.Color].
func (tone) RGBA() (r, g, b, a uint32) { return color.Black.RGBA() }

// A canvas is a drawing as an SVG element. It is not that of the library, which
// fixes colours, and puts them into style attributes: those the page forbids
// itself.
type canvas struct {
	width, height vg.Length
	out           strings.Builder
	now           pen
	stack         []pen
}

// A pen is the state of a canvas that Push saves.
type pen struct {
	tone  tone
	width vg.Length
	dash  []vg.Length
	m     matrix
}

// newCanvas returns an empty drawing. A point of the library's is a unit of it.
func newCanvas(width, height vg.Length) *canvas {
	c := &canvas{width: width, height: height}
	// SVG counts y from the top.
	c.now.m = matrix{1, 0, 0, -1, 0, float64(height)}
	vg.Initialize(c)
	return c
}

// svg returns the drawing under a name, which is for those who cannot see it.
func (c *canvas) svg(name string) string {
	return fmt.Sprintf(`<svg role="img" aria-label="%s" viewBox="0 0 %s %s">`,
		html.EscapeString(printable(name)), coordinate(float64(c.width)), coordinate(float64(c.height))) +
		c.out.String() + "</svg>"
}

// Size and the methods below implement [vg.CanvasSizer].
func (c *canvas) Size() (x, y vg.Length) { return c.width, c.height }

func (c *canvas) SetLineWidth(w vg.Length)                         { c.now.width = w }
func (c *canvas) SetLineDash(pattern []vg.Length, _ vg.Length)     { c.now.dash = pattern }
func (c *canvas) Push()                                            { c.stack = append(c.stack, c.now) }
func (c *canvas) Translate(p vg.Point)                             { c.transform(matrix{1, 0, 0, 1, float64(p.X), float64(p.Y)}) }
func (c *canvas) Scale(x, y float64)                               { c.transform(matrix{x, 0, 0, y, 0, 0}) }
func (c *canvas) transform(m matrix)                               { c.now.m = c.now.m.times(m) }
func (c *canvas) DrawImage(rect vg.Rectangle, picture image.Image) {} // no chart has one

func (c *canvas) Pop() {
	c.now = c.stack[len(c.stack)-1]
	c.stack = c.stack[:len(c.stack)-1]
}

func (c *canvas) Rotate(rad float64) {
	sin, cos := math.Sincos(rad)
	c.transform(matrix{cos, sin, -sin, cos, 0, 0})
}

// SetColor takes a tone; all else is ink.
func (c *canvas) SetColor(to color.Color) {
	c.now.tone = "ink"
	if t, ok := to.(tone); ok {
		c.now.tone = t
	}
}

func (c *canvas) Stroke(p vg.Path) {
	if c.now.width <= 0 {
		return
	}
	fmt.Fprintf(&c.out, `<path class="line %s" stroke-width="%s"`, c.now.tone, coordinate(float64(c.now.width)))
	if len(c.now.dash) > 0 {
		lengths := make([]string, len(c.now.dash))
		for i, d := range c.now.dash {
			lengths[i] = coordinate(float64(d))
		}
		fmt.Fprintf(&c.out, ` stroke-dasharray="%s"`, strings.Join(lengths, " "))
	}
	fmt.Fprintf(&c.out, ` d="%s"/>`, c.path(p))
}

func (c *canvas) Fill(p vg.Path) {
	fmt.Fprintf(&c.out, `<path class="fill %s" d="%s"/>`, c.now.tone, c.path(p))
}

// path returns a path as the value of a d attribute. An arc, which only round
// marks have, becomes its chord.
func (c *canvas) path(p vg.Path) string {
	var b strings.Builder
	point := func(command byte, points ...vg.Point) {
		b.WriteByte(command)
		for i, at := range points {
			if i > 0 {
				b.WriteByte(' ')
			}
			x, y := c.now.m.apply(float64(at.X), float64(at.Y))
			b.WriteString(coordinate(x) + " " + coordinate(y))
		}
	}
	for _, part := range p {
		switch part.Type {
		case vg.MoveComp:
			point('M', part.Pos)
		case vg.LineComp:
			point('L', part.Pos)
		case vg.CurveComp:
			point([]byte{'L', 'Q', 'C'}[min(len(part.Control), 2)], append(append([]vg.Point(nil), part.Control...), part.Pos)...)
		case vg.ArcComp:
			sin, cos := math.Sincos(part.Start + part.Angle)
			point('L', part.Pos.Add(vg.Point{X: part.Radius * vg.Length(cos), Y: part.Radius * vg.Length(sin)}))
		case vg.CloseComp:
			b.WriteByte('Z')
		}
	}
	return b.String()
}

// FillString writes a text as wide as the library takes it to be, whatever the
// font that the reader has.
func (c *canvas) FillString(f font.Face, at vg.Point, text string) {
	if f.Font.Size == 0 || text == "" {
		return
	}
	x, y := c.now.m.apply(float64(at.X), float64(at.Y))
	fmt.Fprintf(&c.out, `<text class="fill %s" font-size="%s" textLength="%s" lengthAdjust="spacingAndGlyphs" `,
		c.now.tone, coordinate(float64(f.Font.Size)), coordinate(float64(f.Width(text))))
	if m := c.now.m; m[1] == 0 {
		fmt.Fprintf(&c.out, `x="%s" y="%s"`, coordinate(x), coordinate(y))
	} else {
		fmt.Fprintf(&c.out, `transform="matrix(%s %s %s %s %s %s)"`, coordinate(m[0]), coordinate(m[1]),
			coordinate(-m[2]), coordinate(-m[3]), coordinate(x), coordinate(y))
	}
	fmt.Fprintf(&c.out, ">%s</text>", html.EscapeString(printable(text)))
}

// coordinate returns a number to a tenth of a unit, which is less than a pixel.
func coordinate(f float64) string {
	s := strconv.FormatFloat(f, 'f', 1, 64)
	s = strings.TrimSuffix(s, ".0")
	if s == "-0" {
		return "0"
	}
	return s
}

// A matrix maps x to m[0]x + m[2]y + m[4], and y to m[1]x + m[3]y + m[5].
type matrix [6]float64

func (m matrix) apply(x, y float64) (float64, float64) {
	return m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5]
}

// times returns what maps by n first.
func (m matrix) times(n matrix) matrix {
	x, y := m.apply(n[4], n[5])
	return matrix{
		m[0]*n[0] + m[2]*n[1], m[1]*n[0] + m[3]*n[1],
		m[0]*n[2] + m[2]*n[3], m[1]*n[2] + m[3]*n[3],
		x, y,
	}
}
