package dossier

import (
	"slices"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/instruction"
)

// Known is what the judgement of an action rests on.
type Known struct {
	Instruction instruction.State // empty where the controller never gave it
	// ReportsWithin and Now bound how late the report may come; a zero Now leaves lateness out, as when asking beforehand.
	ReportsWithin time.Duration
	Now           time.Time
}

// Judgement is what the ledger makes of an action: the instruction version that was in force, the basis the controller chose
// in it, and everything that is wrong.
type Judgement struct {
	Version  int
	Basis    domain.Basis
	Findings domain.FindingSet
}

// Judge holds an action against what was known. It never refuses: what is wrong becomes findings, all of them at once.
func Judge(a Action, k Known) Judgement {
	var j Judgement
	if !k.Now.IsZero() && k.Now.Sub(a.Time) > k.ReportsWithin {
		j.Findings = j.Findings.With(domain.ReportedLate)
	}
	version, withdrawn, found := k.Instruction.InForce(a.Time)
	if !found {
		j.Findings = j.Findings.With(domain.NoInstruction)
		return j
	}
	if withdrawn {
		j.Findings = j.Findings.With(domain.InstructionWithdrawn)
	}
	j.Version, j.Basis = version.Number, version.Terms.Basis
	j.Findings |= against(a, version.Terms)
	return j
}

// against finds what of the action the terms do not permit.
func against(a Action, t domain.Terms) domain.FindingSet {
	var f domain.FindingSet
	if !t.Permits(a.Operation) {
		f = f.With(domain.OperationNotInstructed)
	}
	for _, c := range a.Categories {
		if !slices.Contains(t.Categories, c) {
			f = f.With(domain.CategoryNotInstructed)
		}
		if c.Special() && t.Condition == "" {
			f = f.With(domain.SpecialCategoryWithoutCondition)
		}
	}
	if a.Recipient == "" && a.Operation.Discloses() || a.Recipient != "" && !slices.Contains(t.Recipients, a.Recipient) {
		f = f.With(domain.RecipientNotInstructed)
	}
	if a.Location != "" && !t.Reaches(a.Location) {
		f = f.With(domain.LocationNotInstructed)
	}
	if a.Stated != "" && a.Stated != t.Basis {
		f = f.With(domain.BasisMismatch)
	}
	return f
}

// Record gives the event for one person of a judged action.
func Record(a Action, j Judgement, subject domain.SubjectKey, identifier string, details domain.Sealed) ActionRecorded {
	return ActionRecorded{
		Controller: a.Controller, Service: a.Service, Subject: subject, Identifier: identifier,
		Operation: a.Operation, Instruction: a.Instruction, Version: j.Version, Basis: j.Basis,
		Categories: a.Categories, System: a.System, Location: a.Location, Recipient: a.Recipient, Order: a.Order,
		Stated: a.Stated, Findings: j.Findings, Details: details,
	}
}
