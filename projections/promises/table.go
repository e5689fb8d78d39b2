package promises

import (
	"slices"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/request"
)

// side is what one event says about one promise.
type side int

const (
	silent side = iota // nothing
	keeps
	breaks
	beside // counted beside, neither for nor against
)

// promise is one promise of the privacy notice and what its evidence is.
type promise struct {
	number  int
	text    string
	article string
	rests   string // on which events, for whoever reads the table
	// action says what a recorded action says about it, statement what another event about a person does.
	action    func(*act) side
	statement func(domain.Fact) side
	// cases are the kinds of which each must be answered in time.
	cases []request.Kind
	// own says what the processor's own declarations say; it holds for all controllers.
	own func(*own) (side, int)
	// beside is what is counted beside, in words.
	beside string
}

// table is the notice. The numbers are those of its rows.
var table = [...]promise{
	{
		number: 1, text: "We are a processor: we act only on our clients' documented instructions.", article: "Art. 28(3)(a), 29",
		rests: "every recorded action, by its findings", action: instructed,
	},
	{
		number: 2, text: "All processing has a legal basis, and the client chose it.", article: "Art. 6(1), 9(2)",
		rests: "every recorded action, by the basis stamped on it and its findings", action: based,
	},
	{
		number: 3, text: "We hold only the kinds of data that we say: names, addresses, telephone numbers, job titles and what else the client named.",
		article: "Art. 5(1)(c), 28(3)", rests: "every action that brings data, by the categories it names", action: named,
	},
	{
		number: 4, text: "Server logs with IP addresses are kept for security, and only as long as the client instructs.",
		article: "Art. 5(1)(e), 32", rests: "every action on people named by IP address, by its instruction and that one's retention", action: logged,
	},
	{
		number: 5, text: "Statistics about visitors cannot be linked to anybody.", article: "Art. 4(1), 5(1)(c)",
		rests: "the check of the statistics: columns and bytes",
	},
	{
		number: 6, text: "Once an enquiry is answered or a quote declined, all its data is deleted.", article: "Art. 5(1)(e)",
		rests: "occasions answered and declined, and the removal that follows within a day",
	},
	{
		number: 7, text: "Orders are processed to send goods; payment data never passes through our systems.", article: "Art. 5(1)(c)",
		rests: "every action, by its categories; those on a contract speak for it", action: unpaid,
	},
	{
		number: 8, text: "Data does not leave the United Kingdom and the European Economic Area.", article: "Art. 44-49",
		rests: "every action with a location or a recipient, by the processor's territory", action: atHome, beside: "of those outside, under a named safeguard",
	},
	{
		number: 9, text: "People get access and a copy, without other people's data in it.", article: "Art. 12(3), 15, 20",
		rests: "cases of access and portability: answered in time, and gone through before", cases: []request.Kind{request.Access, request.Portability},
	},
	{
		number: 10, text: "Wrong data is put right, and whoever was given it is told.", article: "Art. 16, 19",
		rests: "cases of rectification: answered in time, every place closed", cases: []request.Kind{request.Rectification},
	},
	{
		number: 11, text: "Data is erased where consent is withdrawn, the grounds have lapsed or processing is unlawful.", article: "Art. 17, 19",
		rests: "cases of erasure and orders to erase, and actions on what had been erased", action: erased,
		cases: []request.Kind{request.Erasure},
	},
	{
		number: 12, text: "People can object, and processing stops until it is decided.", article: "Art. 21",
		rests: "objections and their cases, and actions that an objection forbids", action: objected, statement: objection,
		cases: []request.Kind{request.Objection},
	},
	{
		number: 13, text: "People can have processing restricted: what is not allowed is not done.", article: "Art. 18",
		rests: "restrictions and their cases, and actions that a restriction forbids", action: restricted, statement: restriction,
		cases: []request.Kind{request.Restriction},
	},
	{
		number: 14, text: "Requests go to the privacy manager, who sees to it that they are answered in time.", article: "Art. 12, 28(3)(e)",
		rests: "all cases of people's rights, by the clock that the law sets", cases: rights(),
	},
	{
		number: 15, text: "People may complain to the supervisory authority, and complaints to us are acknowledged.", article: "Art. 77; UK DPA 2018 s.164A, s.165",
		rests: "complaints: acknowledged in time where a period is set, or else answered", cases: []request.Kind{request.Complaint},
	},
	{
		number: 16, text: "Third parties that see data are known and authorised by the client.", article: "Art. 28(2), 28(4)",
		rests: "every disclosure, by its recipient: in the register, in the instruction, and authorised", action: disclosed,
	},
	{
		number: 17, text: "A court's order may compel disclosure: within its scope, and with the client told beforehand unless that is forbidden.",
		article: "Art. 6(1)(c), 28(3)(a), 48", rests: "every disclosure under an order, by its findings", action: compelled,
	},
	{
		number: 18, text: "Data is kept as long as the client instructs and no longer.", article: "Art. 5(1)(e), 28(3)(g)",
		rests: "orders that retention sends: answered, or escalated; and actions past retention or against a hold", action: retained,
	},
	{
		number: 19, text: "Systems and data are encrypted, protected by sign-in and kept up to date.", article: "Art. 32(1)",
		rests: "the measures that the processor declares", own: measured,
	},
	{
		number: 20, text: "We are registered with the supervisory authority and name whom to ask.", article: "Art. 30(2)(a); UK Data Protection (Charges and Information) Regulations 2018",
		rests: "the processor's registration and contacts in the register", own: registered,
	},
}

// act is a recorded action with what the register said of it when it was recorded.
type act struct {
	*dossier.ActionRecorded
	compelled   bool // by an order of a court
	removal     bool
	located     bool // it says where, or to whom whose country is known
	outside     bool // of the processor's territory
	safeguarded bool // by the instruction or the recipient
	registered  bool // the recipient is in the register
	retained    bool // the version of the instruction says how long data is kept
}

func (a *act) any(list ...domain.Finding) bool { return slices.ContainsFunc(list, a.Findings.Has) }

// against is keeps, or breaks where something is wrong.
func against(wrong bool) side {
	if wrong {
		return breaks
	}
	return keeps
}

// onlyWhere is breaks where something is wrong, and else says nothing.
func onlyWhere(wrong bool) side {
	if wrong {
		return breaks
	}
	return silent
}

// instructed leaves out what a law compels, which needs no instruction. Taking away what should not be there breaks nothing.
func instructed(a *act) side {
	if a.compelled {
		return silent
	}
	return against(a.any(domain.NoInstruction, domain.InstructionWithdrawn, domain.OperationNotInstructed, domain.RecipientNotInstructed,
		domain.LocationNotInstructed) || a.any(domain.CategoryNotInstructed) && !a.removal)
}

func based(a *act) side {
	if a.compelled {
		return silent
	}
	return against(a.Basis == "" || a.any(domain.BasisMismatch, domain.ConsentMissing, domain.ConsentWithdrawn, domain.SpecialCategoryWithoutCondition))
}

func named(a *act) side {
	if a.Operation.Effect() != domain.Brings {
		return silent
	}
	return against(len(a.Categories) == 0 || a.any(domain.CategoryNotInstructed))
}

func logged(a *act) side {
	if a.Identifier != "ip" || a.compelled {
		return silent
	}
	return against(!a.retained || a.any(domain.NoInstruction, domain.InstructionWithdrawn, domain.PastRetention))
}

// payment are the categories of DPV's pd extension that payment data has.
var payment = []domain.Category{
	"pd:AccountIdentifier", "pd:BankAccount", "pd:CreditCardNumber", "pd:FinancialAccount", "pd:FinancialAccountNumber", "pd:PaymentCard",
	"pd:PaymentCardExpiry", "pd:PaymentCardNumber",
}

func unpaid(a *act) side {
	paid := slices.ContainsFunc(a.Categories, func(c domain.Category) bool { return slices.Contains(payment, c) })
	switch {
	case paid && !a.removal:
		return breaks
	case a.Basis == domain.Contract && !paid:
		return keeps
	}
	return silent
}

func atHome(a *act) side {
	if !a.located || a.removal {
		return silent
	}
	return against(a.outside)
}

func erased(a *act) side { return onlyWhere(a.any(domain.Erased, domain.RemovalNotErasure)) }

func objected(a *act) side { return onlyWhere(a.any(domain.Objected)) }

func restricted(a *act) side { return onlyWhere(a.any(domain.Restricted)) }

func retained(a *act) side { return onlyWhere(a.any(domain.PastRetention, domain.OnHold)) }

func disclosed(a *act) side {
	if a.compelled || a.removal || !a.Operation.Discloses() && a.Recipient == "" {
		return silent
	}
	return against(!a.registered || a.any(domain.RecipientNotInstructed, domain.SubProcessorNotAuthorised))
}

func compelled(a *act) side {
	if a.any(domain.CourtOrderMissing) {
		return breaks
	}
	if !a.compelled || !a.Operation.Discloses() {
		return silent
	}
	return against(a.any(domain.BeyondCourtOrder, domain.ControllerNotInformed))
}

func objection(fact domain.Fact) side {
	if _, is := fact.(dossier.ObjectionRaised); is {
		return keeps
	}
	return silent
}

func restriction(fact domain.Fact) side {
	if _, is := fact.(dossier.RestrictionPlaced); is {
		return keeps
	}
	return silent
}

// rights are all kinds of cases but complaints.
func rights() []request.Kind {
	return slices.DeleteFunc(request.Kinds(), func(k request.Kind) bool { return k == request.Complaint })
}

// own is what the processor declared of itself.
type own struct {
	processor *register.ProcessorDeclared
	contacts  int
}

func measured(o *own) (side, int) {
	return against(len(o.processor.Measures) == 0), max(len(o.processor.Measures), 1)
}

func registered(o *own) (side, int) {
	return against(o.processor.Registration == "" || o.contacts == 0), 1
}
