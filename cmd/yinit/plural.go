package main

import words "yinit/tui/text"

func plural(n int, one, many string) string { return words.Plural(n, one, many) }
