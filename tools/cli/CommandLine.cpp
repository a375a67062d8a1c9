// Parsing with CLI11, whose exceptions end here.
#include "tools/cli/CommandLine.h"

#include "absl/strings/str_cat.h"
#include "runtime/status/NearestName.h"
#include "tools/cli/Report.h"

#include <charconv>
#include <cstdio>

namespace rondo::cli {
namespace {

using rt::makeError;

void print(FILE *stream, const std::string &text) { std::fwrite(text.data(), 1, text.size(), stream); }

// The page of an error id ("RND3101" or "3101").
absl::Status printErrorPage(std::string_view text) {
  std::string_view digits = text.substr(text.substr(0, 3) == "RND" ? 3 : 0);
  uint16_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const ErrorInfo *info = findError(number);
  if (!info)
    return makeError(ErrorId::Usage, absl::StrCat("expected the id of an error such as RND3101, found '",
                                                  std::string(text), "'"));
  print(stdout, absl::StrCat("RND", number, " ", std::string(info->name), ": ", std::string(info->what), "\n",
                             std::string(info->help), "\nexit code: ", info->exitCode, "\n"));
  return absl::OkStatus();
}

// Unknown flags and surplus arguments.
absl::Status unexpected(const CLI::App &app, const std::string &argument) {
  absl::Status status = makeError(ErrorId::Usage, absl::StrCat("unexpected argument '", argument, "'"));
  if (argument.rfind("-", 0) != 0)
    return status;
  std::vector<std::string> known;
  for (const CLI::Option *option : app.get_options())
    for (const std::string &name : option->get_lnames())
      known.push_back("--" + name);
  std::string nearest = rt::nearestName(argument.substr(0, argument.find('=')), known);
  return nearest.empty() ? status
                         : rt::withNote(std::move(status), absl::StrCat("did you mean '", nearest, "'?"));
}

} // namespace

CommandLine::CommandLine(const std::string &description, const std::string &name)
    : app_(description, name), name_(name) {
  app_.set_help_flag("-h,--help", "Print this, or with =RND1234 what an error means");
  app_.set_version_flag("--version", name + " " RONDO_VERSION);
  app_.add_option("--format", format_, "How results are printed: table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  app_.add_flag("-q,--quiet", quiet_, "Print nothing but the result and errors");
  app_.allow_extras();
  app_.footer(
      "Exit codes: 0 done, 2 usage, 3 malformed file, 4 resource missing, 5 check failed, 6 bug in Rondo");
}

absl::Status CommandLine::parseArguments(int argc, char **argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::CallForHelp &) {
    throw;
  } catch (const CLI::CallForVersion &) {
    throw;
  } catch (const CLI::ParseError &error) {
    return makeError(ErrorId::Usage, error.what());
  }
  std::vector<std::string> surplus = app_.remaining();
  return surplus.empty() ? absl::OkStatus() : unexpected(app_, surplus.front());
}

std::optional<int> CommandLine::parse(int argc, char **argv) {
  constexpr std::string_view kErrorPage = "--help=";
  for (int i = 1; i < argc; ++i)
    if (std::string_view(argv[i]).substr(0, kErrorPage.size()) == kErrorPage)
      return finish(printErrorPage(argv[i] + kErrorPage.size()));
  try {
    absl::Status status = parseArguments(argc, argv);
    return status.ok() ? std::nullopt : std::optional(finish(status));
  } catch (const CLI::CallForHelp &) {
    print(stdout, app_.help());
  } catch (const CLI::CallForVersion &) {
    print(stdout, name_ + " " RONDO_VERSION "\n");
  }
  return 0;
}

int CommandLine::finish(const absl::Status &status) const {
  if (status.ok())
    return 0;
  if (format() == Format::Table) {
    print(stderr, rt::formatError(status));
  } else {
    std::string id = absl::StrCat("RND", static_cast<int>(rt::errorIdOf(status).value_or(ErrorId::Internal)));
    print(stderr,
          absl::StrCat("{\"error\": {\"id\": ", jsonText(id), ", \"place\": ", jsonText(rt::placeOf(status)),
                       ", \"message\": ", jsonText(std::string(status.message())), ", \"notes\": ",
                       jsonText(rt::notesOf(status)), ", \"help\": ", jsonText(rt::helpOf(status)), "}}\n"));
  }
  return rt::exitCodeOf(status);
}

void CommandLine::note(const std::string &text) const {
  if (!quiet_)
    print(stderr, text + "\n");
}

} // namespace rondo::cli
