// Loading spec files: bounds before parsing, ids of syntax errors, undefined values beside other errors.
#include "frontends/spec/LoadSpec.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace rondo;

namespace {

struct Outcome {
  bool loaded;
  std::vector<std::string> errors; // "line:column: message"
};

class LoadSpecTest : public testing::Test {
protected:
  Outcome load(llvm::StringRef text, const SpecSettings &settings = {}) {
    llvm::SmallString<128> path;
    int file;
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("spec", "mlir", file, path));
    llvm::raw_fd_ostream(file, /*shouldClose=*/true) << text;
    Outcome outcome = loadFile(path, settings);
    llvm::sys::fs::remove(path);
    return outcome;
  }

  Outcome loadFile(llvm::StringRef path, const SpecSettings &settings = {}) {
    DialectRegistry registry;
    registerSpecFrontend(registry);
    MLIRContext context(registry);
    Outcome outcome = {false, {}};
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      std::string place;
      if (auto at = dyn_cast<FileLineColLoc>(diagnostic.getLocation()))
        place = std::to_string(at.getLine()) + ":" + std::to_string(at.getColumn()) + ": ";
      outcome.errors.push_back(place + diagnostic.str());
    });
    llvm::SourceMgr sources;
    outcome.loaded = static_cast<bool>(loadSpec(path, settings, sources, &context));
    return outcome;
  }
};

TEST_F(LoadSpecTest, LoadsThePresetsOfRetNet) {
  for (const char *preset : {"tiny", "125M", "350M", "1.3B", "2.7B", "6.7B"}) {
    Outcome outcome = loadFile(RONDO_SOURCE_DIR "/models/retnet.mlir", {preset, {{"layers", "2"}}});
    EXPECT_TRUE(outcome.loaded) << preset;
    EXPECT_TRUE(outcome.errors.empty()) << preset << ": " << outcome.errors.front();
  }
}

TEST_F(LoadSpecTest, MissingFile) {
  Outcome outcome = loadFile("/nonexistent/spec.mlir");
  ASSERT_EQ(outcome.errors.size(), 1u);
  EXPECT_NE(outcome.errors[0].find("[RND4003]"), std::string::npos);
}

TEST_F(LoadSpecTest, BoundsDepthBeforeParsing) {
  Outcome outcome = load("spec.model @m {\n  spec.hyper @a = " + std::string(200000, '('));
  ASSERT_EQ(outcome.errors.size(), 1u);
  EXPECT_EQ(outcome.errors[0], "2:82: expected brackets nested at most 64 deep, found more [RND1001]");
}

TEST_F(LoadSpecTest, BracketsInStringsAndCommentsDoNotNest) {
  std::string many(100, '(');
  Outcome outcome = load("// " + many + "\nspec.model @m { spec.input \"" + many + "\" flags }");
  ASSERT_EQ(outcome.errors.size(), 1u); // no output
  EXPECT_NE(outcome.errors[0].find("[RND2111]"), std::string::npos);
}

TEST_F(LoadSpecTest, BoundsSize) {
  Outcome outcome = load(std::string((4 << 20) + 1, ' '));
  ASSERT_EQ(outcome.errors.size(), 1u);
  EXPECT_EQ(outcome.errors[0], "1:1: expected a spec of at most 4194304 bytes, found 4194305 [RND1002]");
}

TEST_F(LoadSpecTest, RefusesWhatIsNoText) {
  EXPECT_EQ(load(llvm::StringRef("spec\0", 5)).errors[0], "1:5: expected a text, found a NUL byte [RND1003]");
  EXPECT_EQ(load("\n \xff").errors[0], "2:2: expected UTF-8, found an invalid byte sequence [RND1003]");
  EXPECT_EQ(load("ML\xefR").errors[0], "1:1: expected a text, found MLIR bytecode [RND1003]");
}

TEST_F(LoadSpecTest, NamesSyntaxErrors) {
  Outcome outcome = load("spec.model @m {\n  spec.hyper @a 5\n}");
  ASSERT_EQ(outcome.errors.size(), 1u);
  EXPECT_EQ(outcome.errors[0], "2:16: expected '=' [RND1004]");
}

TEST_F(LoadSpecTest, ReportsRedefinedValues) {
  Outcome outcome = load("spec.model @m {\n  %t = spec.input \"a\" flags\n  %t = spec.input \"b\" flags\n}");
  ASSERT_FALSE(outcome.errors.empty());
  EXPECT_EQ(outcome.errors[0], "3:3: redefinition of SSA value '%t' [RND2102]");
}

TEST_F(LoadSpecTest, ReportsUndefinedValuesBesideOtherErrors) {
  Outcome outcome = load(R"(spec.model @m {
  spec.block @b(%x) {
    %y = spec.linear %t weight("w")
    spec.yield %y
  }
  %t = spec.input "tokens" tokens(256)
  %e = spec.embedding %t to(@width) weight("e")
  %z = spec.call @b(%ee)
  spec.output "logits" %z
})");
  ASSERT_EQ(outcome.errors.size(), 3u);
  EXPECT_EQ(outcome.errors[0], "3:10: expected a defined value, found '%t' [RND2102]");
  EXPECT_EQ(outcome.errors[1], "7:29: expected a hyper-parameter defined above, found '@width' [RND2102]");
  EXPECT_EQ(outcome.errors[2], "8:8: expected a defined value, found '%ee' [RND2102]");
}

TEST_F(LoadSpecTest, SettingsWinOverPresetsAndAreChecked) {
  EXPECT_TRUE(loadFile(RONDO_SOURCE_DIR "/models/retnet.mlir", {"tiny", {{"heads", "8"}}}).loaded);
  Outcome outcome =
      loadFile(RONDO_SOURCE_DIR "/models/retnet.mlir", {"tiny", {{"heads", "7"}, {"eps", "x"}}});
  EXPECT_FALSE(outcome.loaded);
  std::string all;
  for (const std::string &error : outcome.errors)
    all += error + "\n";
  EXPECT_NE(all.find("found '-D eps=x' [RND2106]"), std::string::npos) << all;
  EXPECT_NE(all.find("found @width = 64, @heads = 7 [RND2107]"), std::string::npos) << all;
}

} // namespace
