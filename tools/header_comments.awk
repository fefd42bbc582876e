# What doxygen reads of a header: the opening comment as the file's page, and examples, which are indented a little
# more than the text around them, as code. In text, <name> is no HTML and # begins no link.
FNR == 1 && /^\/\// { opening = 1; print "/// \\file" }
opening && !/^\/\// { opening = 0 }
opening {
  sub(/^\/\/ ?/, "")
  if (/^  /) $0 = "    " $0; else text()
  print "/// " $0
  next
}
/^ *\/\/\/   / { sub(/\/\/\/ /, "///     "); print; next }
/^ *\/\/\// { text() }
{ print }

function text() { gsub(/<[a-z_]+>/, "\\\\&"); gsub(/#\$/, "\\\\&") }
