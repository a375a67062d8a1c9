// What rondo-dump can show of a package, one table per section.
#pragma once

#include "runtime/package/Package.h"
#include "tools/cli/Report.h"

#include <string>
#include <vector>

namespace rondo::dump {

// The sections in the order in which they are printed.
const std::vector<std::string> &sectionNames();
// Those printed when none is asked for: all but the long ones.
const std::vector<std::string> &shortSections();

// Adds a section's table; `entry` limits it to one entry point where that makes sense, empty means all.
void addSection(cli::Report &report, const rt::Package &package, const std::string &section,
                const std::string &entry);

} // namespace rondo::dump
