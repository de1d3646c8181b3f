package timeline

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"
)

var (
	//go:embed page.css
	pageCSS string
	//go:embed page.html
	pageHTML string

	pageTemplate = template.Must(template.New("page").Parse(pageHTML))
)

// page is what the template shows. Its texts are clean; the template escapes them.
type page struct {
	Title    string
	CSS      template.CSS
	Rollouts []section
}

type section struct {
	ID, Title, Class, Result, Source string
	Facts                            []fact
	// Wide is for windows with room, Narrow for phones; one of them shows.
	Wide, Narrow template.HTML
	Clock        bool
	Rows         []row
}

type row struct {
	ID                            string
	Number                        int
	After, Clock, Kind, What, Why string
	Omitted                       string // what is said before it
}

// HTML is a page of timelines, each with a picture and a table of its events.
func HTML(timelines ...Timeline) ([]byte, error) {
	p := page{CSS: template.CSS(pageCSS + chartCSS)}
	var names []string
	for i, t := range timelines {
		names = append(names, clean(t.App))
		p.Rollouts = append(p.Rollouts, t.section(fmt.Sprintf("rollout-%d", i+1)))
	}
	p.Title = strings.Join(names, ", ") + ": rollout"
	var out bytes.Buffer
	err := pageTemplate.Execute(&out, p)
	return out.Bytes(), err
}

func (t Timeline) section(id string) section {
	s := section{
		ID: id, Title: clean(t.title()), Class: strings.ToLower(string(t.Outcome)), Result: clean(t.result()),
		Source: clean(t.source()), Clock: !t.Simulated,
		Wide:   template.HTML(t.inline(wide, "wide", id+"-w", id)),
		Narrow: template.HTML(t.inline(narrow, "narrow", id+"-n", id)),
	}
	for _, f := range t.facts() {
		s.Facts = append(s.Facts, fact{f.Name, clean(f.Value)})
	}
	for _, e := range t.Events {
		r := row{
			ID: fmt.Sprintf("%s-%d", id, e.Number), Number: e.Number, After: short(e.At.Sub(t.Begun)),
			Kind: string(e.Kind), What: clean(e.What), Why: clean(e.Why),
		}
		if s.Clock {
			r.Clock = e.At.UTC().Format("15:04:05.000")
		}
		if t.Omitted > 0 && e.Number == t.OmittedBefore {
			r.Omitted = omitted(t.Omitted)
		}
		s.Rows = append(s.Rows, r)
	}
	return s
}
