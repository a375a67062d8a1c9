// Reads configuration files of other libraries.
#include "frontends/import/Configuration.h"

#include "frontends/spec/Prescan.h"
#include "frontends/spec/layers/Diagnosis.h"

#include <cmath>

using namespace rondo;
using llvm::ArrayRef;
using llvm::StringRef;
using llvm::Twine;

Configuration::Configuration(StringRef text) {
  // The JSON parser recurses: nesting is bounded first.
  if (std::optional<PrescanError> error = prescanSpec(text)) {
    found.push_back({error->message, "the file is damaged or of another kind"});
    return;
  }
  llvm::Expected<llvm::json::Value> parsed = llvm::json::parse(text);
  if (!parsed) {
    found.push_back({"expected JSON, found an error: " + llvm::toString(parsed.takeError()),
                     "the file is damaged or of another kind"});
    return;
  }
  if (llvm::json::Object *top = parsed->getAsObject())
    object = std::move(*top);
  else
    found.push_back(
        {"expected a JSON object of keys and values, found another value", "give the model's config.json"});
}

const llvm::json::Value *Configuration::find(StringRef key) {
  known.insert(key);
  const llvm::json::Value *value = object.get(key);
  return value && value->kind() == llvm::json::Value::Null ? nullptr : value;
}

void Configuration::mismatch(StringRef key, const Twine &expected, const llvm::json::Value *value) {
  std::string text = "nothing";
  if (value) {
    text.clear();
    llvm::raw_string_ostream(text) << *value;
    text = "'" + (text.size() > 60 ? text.substr(0, 57) + "..." : text) + "'";
  }
  found.push_back({("expected " + expected + " for key '" + key + "', found " + text).str(),
                   "correct the key, or describe the model in a spec"});
}

void Configuration::reject(StringRef key, const Twine &expected) { mismatch(key, expected, object.get(key)); }

std::optional<int64_t> Configuration::optionalCount(StringRef key) {
  const llvm::json::Value *value = find(key);
  if (!value)
    return std::nullopt;
  std::optional<int64_t> count = value->getAsInteger();
  if (count && *count >= 1 && *count <= INT32_MAX)
    return count;
  mismatch(key, "a whole number from 1 to 2147483647", value);
  return 1;
}

int64_t Configuration::count(StringRef key) {
  if (std::optional<int64_t> value = optionalCount(key))
    return *value;
  if (found.empty() || !object.empty())
    mismatch(key, "a whole number", nullptr);
  return 1;
}

std::vector<int64_t> Configuration::counts(StringRef key) {
  const llvm::json::Value *value = find(key);
  auto wrong = [&] {
    mismatch(key, "a list of whole numbers from 1 to 2147483647", value);
    return std::vector<int64_t>();
  };
  std::optional<llvm::json::Value> parsed;
  const llvm::json::Value *list = value;
  if (std::optional<StringRef> text = value ? value->getAsString() : std::nullopt) {
    if (prescanSpec(*text))
      return wrong();
    llvm::Expected<llvm::json::Value> read = llvm::json::parse(*text);
    if (!read) {
      llvm::consumeError(read.takeError());
      return wrong();
    }
    list = &parsed.emplace(std::move(*read));
  }
  const llvm::json::Array *items = list ? list->getAsArray() : nullptr;
  if (!items || items->empty())
    return wrong();
  std::vector<int64_t> numbers;
  for (const llvm::json::Value &item : *items) {
    std::optional<int64_t> number = item.getAsInteger();
    if (!number || *number < 1 || *number > INT32_MAX)
      return wrong();
    numbers.push_back(*number);
  }
  return numbers;
}

double Configuration::number(StringRef key, double fallback) {
  const llvm::json::Value *value = find(key);
  if (!value)
    return fallback;
  if (std::optional<double> number = value->getAsNumber(); number && std::isfinite(*number) && *number >= 0)
    return *number;
  mismatch(key, "a number >= 0", value);
  return fallback;
}

bool Configuration::flag(StringRef key, bool fallback) {
  const llvm::json::Value *value = find(key);
  if (!value)
    return fallback;
  if (std::optional<bool> flag = value->getAsBoolean())
    return *flag;
  mismatch(key, "true or false", value);
  return fallback;
}

std::string Configuration::word(StringRef key, ArrayRef<StringRef> words, StringRef fallback) {
  const llvm::json::Value *value = find(key);
  if (!value)
    return fallback.str();
  if (std::optional<StringRef> word = value->getAsString(); word && llvm::is_contained(words, *word))
    return word->str();
  mismatch(key, "one of " + llvm::join(words, ", "), value);
  return fallback.str();
}

void Configuration::ignore(ArrayRef<StringRef> keys) {
  for (StringRef key : keys)
    known.insert(key);
}

void Configuration::unsupported(StringRef key, StringRef why) {
  const llvm::json::Value *value = find(key);
  if (!value || value->getAsBoolean() == false || value->getAsNumber() == 0.0)
    return;
  mismatch(key, "no value (" + why + ")", value);
}

void Configuration::finish() {
  llvm::SmallVector<StringRef> names(known.keys());
  llvm::sort(names);
  llvm::SmallVector<StringRef> unknown;
  for (const auto &entry : object)
    if (!known.contains(StringRef(entry.first)))
      unknown.push_back(entry.first);
  llvm::sort(unknown);
  for (StringRef key : unknown) {
    StringRef near = nearest(key, names);
    found.push_back({("expected a known key, found '" + key + "'").str(),
                     (near.empty() ? "" : "did you mean '" + near.str() + "'? ") +
                         "remove the key if it changes nothing, or describe the model in a spec"});
  }
}
