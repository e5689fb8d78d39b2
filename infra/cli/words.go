package cli

import (
	"strings"

	"github.com/jigowatt/daybook/domain"
)

// categoryWords writes a category as people say it: pd:EmailAddress is "Email Address".
func categoryWords(name string) string {
	category, err := domain.ParseCategory(name)
	if err != nil {
		return name
	}
	return category.Term()
}

func categoriesWords(names []string) string {
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = categoryWords(name)
	}
	return strings.Join(words, ", ")
}
