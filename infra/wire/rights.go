package wire

// Rights says which rights people have, by the basis on which the processing rests: in the United Kingdom, in the Union, or both.
type Rights struct {
	Bases []BasisRights `json:"bases"`
	// Source is where the default comes from, and what it is not.
	Source string `json:"source"`
	// Marketing is what holds whatever the basis (Art. 21(2)).
	Marketing string `json:"marketing"`
}

// BasisRights are the rights where processing rests on one basis, under the law of one regime.
type BasisRights struct {
	Regime  string       `json:"regime"`
	Basis   string       `json:"basis"`
	Article string       `json:"article"`
	Words   string       `json:"words"`
	Rights  []BasisRight `json:"rights"`
}

// BasisRight is one right and how it usually stands.
type BasisRight struct {
	// Name is the right's in DPV.
	Name    string `json:"name"`
	Article string `json:"article"`
	Words   string `json:"words"`
	// Usual says that the right usually goes with the basis; Against is what usually stands against it otherwise.
	Usual   bool   `json:"usual"`
	Against string `json:"against,omitempty"`
	// Kind is that of the case that exercises it, where one does.
	Kind string `json:"kind,omitempty"`
}
