package catalog

import (
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/request"
)

// Subjects gives the keys of the people whom an event is about, without those of whom it says that somebody looked at them or that they
// were forgotten. Key 0 is nobody.
func Subjects(fact domain.Fact) []domain.SubjectKey {
	switch e := fact.(type) {
	case dossier.ActionRecorded:
		return []domain.SubjectKey{e.Subject}
	case dossier.IdentifierLinked:
		return []domain.SubjectKey{e.Subject, e.Joined}
	case register.ContactDeclared:
		return []domain.SubjectKey{e.Subject}
	case dossier.Statement:
		return []domain.SubjectKey{e.Person().Subject}
	case request.Received:
		return e.Subjects
	default:
		return nil
	}
}
