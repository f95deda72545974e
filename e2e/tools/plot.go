// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// curve is one line of a diagram.
type curve struct {
	name, color string
	value       func(i int) float64
}

// panel is one diagram of a plot. at gives the place of point i of count on the time axis, in
// minutes; the axis begins at 0 and ends at the last point. A value that is not a number leaves a gap.
type panel struct {
	title  string
	curves []curve
	count  int
	at     func(i int) float64
	format func(v float64) string
}

// box is where a panel stands, in pixels.
type box struct {
	x, y, width, height float64
}

const (
	plotLeft, plotRight       = 70, 20
	panelTop, panelBottom     = 34, 26
	operatorColor, otherColor = "#1b6ca8", "#c2571a"
)

func plainNumber(v float64) string {
	return fmt.Sprintf("%.6g", v)
}

// niceTop is the first of 1, 2, 5 times a power of ten that is not below v.
func niceTop(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range []float64{1, 1.5, 2, 3, 4, 5, 6, 8, 10} {
		if step*power >= v {
			return step * power
		}
	}
	return 10 * power
}

func (p *panel) highest() float64 {
	highest := 0.0
	for _, c := range p.curves {
		for i := 0; i < p.count; i++ {
			if v := c.value(i); !math.IsNaN(v) {
				highest = max(highest, v)
			}
		}
	}
	return highest
}

// line is the path of a curve.
func (p *panel) line(c curve, x, y func(float64) float64) string {
	var path strings.Builder
	pen := 'M'
	for i := 0; i < p.count; i++ {
		v := c.value(i)
		if math.IsNaN(v) {
			pen = 'M'
			continue
		}
		fmt.Fprintf(&path, "%c%.1f %.1f", pen, x(p.at(i)), y(v))
		pen = 'L'
	}
	return path.String()
}

// names writes the curves' names below the axis, in as many lines as they need, and returns the
// height of these. With out nil it only counts.
func (p *panel) names(out *strings.Builder, b box) float64 {
	if len(p.curves) < 2 {
		return 0
	}
	left, right, lines := b.x+12, b.x+b.width-plotRight, 1
	x := left
	for _, c := range p.curves {
		width := 6.2*float64(len(c.name)) + 14
		if x+width > right && x > left {
			x = left
			lines++
		}
		if out != nil {
			fmt.Fprintf(out, `<text x="%.0f" y="%.0f" fill="%s">%s</text>`+"\n",
				x, b.y+b.height+float64(lines*14)-2, c.color, html.EscapeString(c.name))
		}
		x += width
	}
	return float64(lines * 14)
}

func (p *panel) draw(out *strings.Builder, b box) {
	b.height -= p.names(nil, b) + 4
	height := b.height - panelTop - panelBottom
	width := b.width - plotLeft - plotRight
	last := max(p.at(p.count-1), 1e-9)
	scale := niceTop(p.highest())
	x := func(minute float64) float64 { return b.x + plotLeft + width*minute/last }
	y := func(v float64) float64 { return b.y + panelTop + height*(1-v/scale) }
	fmt.Fprintf(out, `<text x="%.0f" y="%.0f" font-weight="bold">%s</text>`+"\n", b.x+plotLeft, b.y+panelTop-10, html.EscapeString(p.title))
	for part := 0; part <= 4; part++ {
		v := scale * float64(part) / 4
		fmt.Fprintf(out, `<path d="M%.0f %.1fH%.0f" stroke="#ddd"/><text x="%.0f" y="%.1f" text-anchor="end">%s</text>`+"\n",
			b.x+plotLeft, y(v), b.x+b.width-plotRight, b.x+plotLeft-6, y(v)+4, p.format(v))
	}
	step := niceTop(last / 12)
	if last > 12 {
		step = math.Max(1, step)
	}
	for minute := 0.0; minute <= last; minute += step {
		fmt.Fprintf(out, `<text x="%.1f" y="%.1f" text-anchor="middle">%.3g</text>`+"\n", x(minute), b.y+b.height-panelBottom+16, minute)
	}
	for _, c := range p.curves {
		fmt.Fprintf(out, `<path d="%s" fill="none" stroke="%s" stroke-width="1.3"/>`+"\n", p.line(c, x, y), c.color)
	}
	p.names(out, b)
}

// svgPage wraps what was drawn.
func svgPage(width, height float64, body string) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="11">`+"\n"+
		`<rect width="%.0f" height="%.0f" fill="#fff"/>`+"\n%s</svg>\n", width, height, width, height, body)
}
