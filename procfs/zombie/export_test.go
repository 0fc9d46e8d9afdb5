package zombie

// FindAmong is [Find] for processes whose stat has been read.
var FindAmong = findAmong

// WaitsElsewhere is waitsElsewhere.
var WaitsElsewhere = waitsElsewhere
