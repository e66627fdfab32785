# SPDX-License-Identifier: GPL-2.0-only
# Judge a suite's KTAP: awk -v status=EXIT -v seconds=N -f ktap.awk FILE
# Prints "PASSED FAILED SKIPPED SECONDS" and a line for each failure. Results that have
# subtests are not counted besides them. No plan, results missing from a plan or beyond it,
# a bail-out, or a bad exit status without any "not ok" are failures too.

function fail(text)
{
	failed++
	reasons = reasons text "\n"
}

# A level ends where a line less indented is met
function close_level()
{
	if (!(depth in plan))
		fail("a level without a plan")
	else if (seen[depth] != plan[depth])
		fail("planned " plan[depth] " tests, saw " seen[depth])
	child_failures = failed - failed_at[depth]
	closed = 1
	delete plan[depth]
	depth--
}

function open_level(indent)
{
	depth++
	at[depth] = indent
	seen[depth] = 0
	failed_at[depth] = failed
	delete plan[depth]
	closed = 0
}

# The level of a line of this indent
function level(indent)
{
	while (depth > 1 && indent < at[depth])
		close_level()
	if (depth == 0 || indent > at[depth])
		open_level(indent)
}

{
	sub(/\r$/, "")
	match($0, /^ */)
	indent = RLENGTH
	line = substr($0, indent + 1)
}

line ~ /^(KTAP version 1|TAP version 1[34])$/ {
	level(indent)
	next
}

line ~ /^1\.\.[0-9]+/ {
	level(indent)
	if (depth in plan)
		fail("a second plan: " line)
	plan[depth] = substr(line, 4) + 0
	planned = 1
	if (line ~ /^1\.\.0.*[Ss][Kk][Ii][Pp]/)
		skipped++
	else if (plan[depth] == 0)
		fail("planned no tests")
	next
}

line ~ /^(ok|not ok) [0-9]+/ {
	level(indent)
	seen[depth]++
	number = line
	sub(/^(not )?ok /, "", number)
	if (number + 0 != seen[depth])
		fail("out of order: " line)
	had = closed
	closed = 0
	if (had) {
		if (line ~ /^not ok/ && child_failures == 0)
			fail(line)
	} else if (line ~ /# *[Ss][Kk][Ii][Pp]/) {
		skipped++
	} else if (line ~ /^not ok/) {
		fail(line)
	} else {
		passed++
	}
	next
}

line ~ /^Bail out!/ {
	fail(line)
}

END {
	while (depth > 0)
		close_level()
	if (!planned)
		fail("no plan: nothing ran")
	if (status != 0 && status != 4 && failed == 0)
		fail("exit status " status)
	if (status == 4 && passed + skipped + failed == 0)
		skipped++
	printf "%d %d %d %d\n%s", passed, failed, skipped, seconds, reasons
}
