// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"html"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// dashboard draws what Grafana would: every panel of a dashboard in its place, with what its queries
// give in a Prometheus now. Lines over time are drawn as such, all other panels as their values.
type dashboard struct {
	Title  string
	Panels []dashboardPanel
}

type dashboardPanel struct {
	Type, Title string
	GridPos     struct{ H, W, X, Y float64 }
	FieldConfig struct {
		Defaults struct{ Unit string }
	}
	Targets []struct{ Expr, LegendFormat string }
}

// promSeries is one series of an answer: a value for an instant, values for a range.
type promSeries struct {
	Metric map[string]string
	Value  [2]any
	Values [][2]any
}

const (
	gridColumn, gridRow = 50, 30 // pixels
	rangeSteps          = 120
)

var lineColors = []string{"#1b6ca8", "#c2571a", "#2e7d32", "#8e24aa", "#ad1457", "#00838f", "#6d4c41", "#9e9d24", "#5c6bc0", "#455a64"}

var legendLabel = regexp.MustCompile(`\{\{ *(\w+) *\}\}`)

func ask(base, path string, query url.Values) ([]promSeries, error) {
	response, err := prometheus.Get(base + path + "?" + query.Encode())
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 8<<20))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Status, Error string
		Data          struct{ Result []promSeries }
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, err
	}
	if answer.Status != "success" {
		return nil, errors.New(answer.Error)
	}
	return answer.Data.Result, nil
}

func promNumber(v any) float64 {
	text, _ := v.(string)
	number, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return math.NaN()
	}
	return number
}

func (s *promSeries) name(legend string) string {
	return legendLabel.ReplaceAllStringFunc(legend, func(word string) string {
		return s.Metric[legendLabel.FindStringSubmatch(word)[1]]
	})
}

// inUnit writes a value as Grafana's units do, roughly.
func inUnit(unit string) func(float64) string {
	return func(v float64) string {
		switch {
		case math.IsNaN(v):
			return "no data"
		case unit == "bytes":
			return fmt.Sprintf("%.3g MB", v/1e6)
		case unit == "percentunit":
			return fmt.Sprintf("%.3g %%", v*100)
		case unit == "s" && v != 0 && v < 1:
			return fmt.Sprintf("%.3g ms", v*1e3)
		case unit == "s":
			return (time.Duration(v) * time.Second).String()
		}
		return fmt.Sprintf("%.5g", v)
	}
}

// view is a dashboard beside the Prometheus that fills it.
type view struct {
	server  string
	end     time.Time
	length  time.Duration
	queries int
	empty   []string // queries that gave nothing
}

var prometheus = http.Client{Timeout: 10 * time.Second}

func (v *view) expression(text string) string {
	return strings.ReplaceAll(text, "$job", ".*")
}

// lines asks for a panel's curves; points that a series does not have are gaps.
func (v *view) lines(p *dashboardPanel) ([]curve, error) {
	step := v.length.Seconds() / rangeSteps
	end := float64(v.end.UnixMilli()) / 1000 // not whole seconds: what came in the last one counts too
	begin := end - v.length.Seconds()
	var curves []curve
	for _, target := range p.Targets {
		query := url.Values{"query": {v.expression(target.Expr)}, "step": {fmt.Sprint(step)},
			"start": {fmt.Sprintf("%.3f", begin)}, "end": {fmt.Sprintf("%.3f", end)}}
		found, err := ask(v.server, "/api/v1/query_range", query)
		if err != nil {
			return nil, err
		}
		numbers := 0
		for i := range found {
			points := make([]float64, rangeSteps+1)
			for n := range points {
				points[n] = math.NaN()
			}
			for _, pair := range found[i].Values {
				at, _ := pair[0].(float64)
				if n := int(math.Round((at - begin) / step)); n >= 0 && n < len(points) {
					points[n] = promNumber(pair[1])
					if !math.IsNaN(points[n]) {
						numbers++
					}
				}
			}
			curves = append(curves, curve{found[i].name(target.LegendFormat), lineColors[len(curves)%len(lineColors)],
				func(n int) float64 { return points[n] }})
		}
		v.asked(p, target.Expr, numbers)
	}
	return curves, nil
}

// asked notes a query and how many numbers it gave.
func (v *view) asked(p *dashboardPanel, expr string, numbers int) {
	v.queries++
	if numbers == 0 {
		v.empty = append(v.empty, fmt.Sprintf("panel '%s': %s", p.Title, expr))
	}
}

func (v *view) drawLines(out *strings.Builder, p *dashboardPanel, b box) error {
	curves, err := v.lines(p)
	if err != nil {
		return err
	}
	minutes := v.length.Minutes()
	drawn := panel{title: p.Title, curves: curves, count: rangeSteps + 1, format: inUnit(p.FieldConfig.Defaults.Unit),
		at: func(i int) float64 { return minutes * float64(i) / rangeSteps }}
	drawn.draw(out, b)
	return nil
}

func (v *view) drawValues(out *strings.Builder, p *dashboardPanel, b box) error {
	fmt.Fprintf(out, `<text x="%.0f" y="%.0f" font-weight="bold">%s</text>`+"\n", b.x+12, b.y+22, html.EscapeString(p.Title))
	shown := 0
	for _, target := range p.Targets {
		found, err := ask(v.server, "/api/v1/query", url.Values{"query": {v.expression(target.Expr)}})
		if err != nil {
			return err
		}
		numbers := 0
		for i := range found {
			shown++
			if !math.IsNaN(promNumber(found[i].Value[1])) {
				numbers++
			}
			fmt.Fprintf(out, `<text x="%.0f" y="%.0f">%s</text><text x="%.0f" y="%.0f" font-size="16" text-anchor="end">%s</text>`+"\n",
				b.x+12, b.y+24+float64(shown*22), html.EscapeString(found[i].name(target.LegendFormat)),
				b.x+b.width-16, b.y+24+float64(shown*22), inUnit(p.FieldConfig.Defaults.Unit)(promNumber(found[i].Value[1])))
		}
		v.asked(p, target.Expr, numbers)
	}
	return nil
}

func (v *view) draw(d *dashboard) (string, error) {
	var out strings.Builder
	bottom := 0.0
	for i := range d.Panels {
		p := &d.Panels[i]
		b := box{p.GridPos.X * gridColumn, p.GridPos.Y * gridRow, p.GridPos.W * gridColumn, p.GridPos.H * gridRow}
		bottom = max(bottom, b.y+b.height)
		if p.Type == "row" {
			fmt.Fprintf(&out, `<text x="8" y="%.0f" font-size="15" font-weight="bold">%s</text>`+"\n", b.y+21, html.EscapeString(p.Title))
			continue
		}
		fmt.Fprintf(&out, `<rect x="%.0f" y="%.0f" width="%.0f" height="%.0f" fill="none" stroke="#bbb"/>`+"\n", b.x+3, b.y+3, b.width-6, b.height-6)
		show := v.drawValues
		if p.Type == "timeseries" {
			show = v.drawLines
		}
		if err := show(&out, p, b); err != nil {
			return "", fmt.Errorf("panel '%s': %w", p.Title, err)
		}
	}
	return svgPage(24*gridColumn, bottom+8, out.String()), nil
}

func runDashboard(args []string) error {
	flags := flag.NewFlagSet("dashboard", flag.ExitOnError)
	server := flags.String("prometheus", "", "URL")
	minutes := flags.Float64("minutes", 1, "how far back")
	svg := flags.String("svg", "", "file for the picture")
	if err := flags.Parse(args); err != nil {
		return err
	}
	text, err := os.ReadFile(flags.Arg(0))
	if err != nil {
		return err
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		return fmt.Errorf("%s: %w", flags.Arg(0), err)
	}
	v := view{server: *server, end: time.Now(), length: time.Duration(*minutes * float64(time.Minute))}
	picture, err := v.draw(&d)
	if err != nil {
		return err
	}
	if err := os.WriteFile(*svg, []byte(picture), 0o644); err != nil {
		return err
	}
	if len(v.empty) > 0 {
		return fmt.Errorf("queries that give nothing: %s", strings.Join(v.empty, "; "))
	}
	fmt.Printf("%d queries, each gives data\n", v.queries)
	return nil
}
