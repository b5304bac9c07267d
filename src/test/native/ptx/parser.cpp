// Reads PTX as nvcc writes it. What it does not know it refuses: nothing is run that is not understood.
#include <cctype>
#include <functional>
#include <set>
#include <unordered_map>

#include "program.h"

namespace ptx {

namespace {

struct Token {
  std::string text;
  int line;
};

[[noreturn]] void refuse(int line, const std::string& what) {
  throw Unsupported("line " + std::to_string(line) + ": " + what);
}

std::vector<Token> tokensOf(const std::string& text) {
  std::vector<Token> tokens;
  int line = 1;
  auto isWord = [](unsigned char c) { return isalnum(c) || c == '_' || c == '$' || c == '%' || c == '.'; };
  for (size_t i = 0; i < text.size();) {
    const unsigned char c = text[i];
    size_t end = i + 1;
    if (c == '\n') {
      line++;
    } else if (text.compare(i, 2, "//") == 0) {
      end = text.find('\n', i);
    } else if (!isspace(c)) {
      if (c == '"') {
        end = text.find('"', end) + 1;
      } else if (isWord(c) || (c == '-' && isdigit((unsigned char)text[end]))) {
        while (end < text.size() && isWord(text[end])) end++;
      }
      tokens.push_back({text.substr(i, end - i), line});
    }
    i = std::min(end, text.size());
  }
  tokens.push_back({"", line});
  return tokens;
}

// Of a type without its dot: u32, pred.
size_t bytesOf(const std::string& type) { return type == "pred" ? 1 : std::stoul(type.substr(1)) / 8; }

size_t roundedUp(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

std::vector<std::string> split(const std::string& name) {
  std::vector<std::string> parts(1);
  for (char c : name) {
    if (c == '.') parts.emplace_back(); else parts.back() += c;
  }
  return parts;
}

// How a name of an instruction is read: the modifiers that are taken, each by itself.
class Modifiers {
 public:
  explicit Modifiers(const std::string& name) : parts_(split(name)) { taken_.insert(0); }

  bool take(const char* modifier) {
    for (size_t i = 1; i < parts_.size(); i++) {
      if (parts_[i] == modifier && taken_.insert(i).second) return true;
    }
    return false;
  }
  std::string takeLast() {
    taken_.insert(parts_.size() - 1);
    return parts_.back();
  }
  bool allTaken() const { return taken_.size() == parts_.size(); }

 private:
  std::vector<std::string> parts_;
  std::set<size_t> taken_;
};

class Parser {
 public:
  explicit Parser(const std::string& text) : tokens_(tokensOf(text)), module_(std::make_unique<Module>()) {}

  std::unique_ptr<Module> run() {
    while (!is("")) {
      if (take(".target")) {
        module_->target = word();
      } else if (take(".version") || take(".address_size")) {
        word();
      } else if (take(".visible") || take(".weak")) {
      } else if (is(".entry") || is(".func")) {
        function(word() == ".entry");
      } else if (take(".shared")) {
        const Parameter p = place(declaration(), sharedBytes_);
        sharedByAll_[p.name] = p.offset;
        expect(";");
      } else if (take(".extern")) {
        expect(".shared");
        sharedByAll_[declaration().name] = DYNAMIC_SHARED;
        expect(";");
      } else {
        refuse(line(), "expected a function, got " + text());
      }
    }
    for (auto& [name, function] : module_->functions) {
      if (function->instructions.empty()) refuse(line(), "there is no body of " + name);
    }
    return std::move(module_);
  }

 private:
  const std::string& text() const { return tokens_[at_].text; }
  int line() const { return tokens_[at_].line; }
  bool is(const char* expected) const { return text() == expected; }
  bool take(const char* expected) {
    if (!is(expected)) return false;
    at_++;
    return true;
  }
  void expect(const char* expected) {
    if (!take(expected)) refuse(line(), std::string("expected ") + expected + ", got " + text());
  }
  std::string word() {
    if (is("")) refuse(line(), "the text ends within a function");
    return tokens_[at_++].text;
  }

  // ---- declarations ----

  struct Declaration {
    std::string name;
    size_t bytes, alignment;
  };

  // .align 8 .b8 name[208], or name[] for what a launch gives
  Declaration declaration() {
    Declaration d{"", 0, 0};
    if (take(".align")) d.alignment = std::stoul(word());
    const size_t each = bytesOf(word().substr(1));
    d.name = word();
    d.bytes = each;
    if (take("[")) {
      d.bytes = is("]") ? 0 : each * std::stoul(word());
      expect("]");
    }
    if (d.alignment == 0) d.alignment = each;
    return d;
  }

  Parameter place(const Declaration& d, size_t& end) {
    const size_t offset = roundedUp(end, d.alignment);
    end = offset + d.bytes;
    return {d.name, d.bytes, offset};
  }

  int newRegister() { return function_->registers++; }

  int constant(uint64_t value) {
    if (value == 0) return ZERO;
    auto [found, isNew] = constants_.try_emplace(value, 0);
    if (isNew) {
      found->second = newRegister();
      function_->constants.push_back({found->second, value});
    }
    return found->second;
  }

  // .reg .b32 %r<12>, %x;
  void declareRegisters() {
    at_++;  // its type
    do {
      const std::string name = word();
      if (take("<")) {
        const int count = std::stoi(word());
        expect(">");
        for (int i = 0; i < count; i++) scopes_.back().registers[name + std::to_string(i)] = newRegister();
      } else {
        scopes_.back().registers[name] = newRegister();
      }
    } while (take(","));
    expect(";");
  }

  void function(bool isEntry) {
    Declaration result{"", 0, 1};
    if (take("(")) {
      expect(".param");
      result = declaration();
      expect(")");
    }
    const std::string name = word();
    std::vector<Declaration> parameters;
    if (take("(")) {
      while (take(".param") || take(",")) {
        if (!is(".param")) parameters.push_back(declaration());
      }
      expect(")");
    }
    unsigned maxThreads = 1024;
    while (text()[0] == '.') {
      if (take(".maxntid") || take(".reqntid")) maxThreads = std::stoul(word()); else at_++;
      while (!is("{") && !is(";") && text()[0] != '.') at_++;
    }
    auto& declared = module_->functions[name];
    if (!declared) declared = std::make_unique<Function>();
    if (take(";")) return;
    function_ = declared.get();
    function_->name = name;
    function_->isEntry = isEntry;
    function_->maxThreads = maxThreads;
    scopes_ = {Scope{}};
    shared_ = sharedByAll_;
    function_->sharedBytes = sharedBytes_;
    constants_.clear();
    labels_.clear();
    jumps_.clear();
    scopes_.back().registers = {{"%tid.x", TID},       {"%ntid.x", NTID},   {"%ctaid.x", CTAID},
                                {"%nctaid.x", NCTAID}, {"%laneid", LANEID}, {"_", SINK}};
    size_t parameterBytes = 0;
    function_->result = place(result, function_->frameBytes);
    if (!result.name.empty()) scopes_.back().frame[result.name] = function_->result.offset;
    for (const Declaration& d : parameters) {
      const Parameter p = place(d, isEntry ? parameterBytes : function_->frameBytes);
      function_->parameters.push_back(p);
      if (!isEntry) scopes_.back().frame[p.name] = p.offset;
    }
    body();
    for (auto& [index, label] : jumps_) {
      Instruction& jump = function_->instructions[index];
      auto found = labels_.find(label);
      if (found == labels_.end() || found->second == int(function_->instructions.size())) {
        refuse(jump.line, "there is no instruction behind a label " + label);
      }
      jump.target = found->second;
    }
    const bool ends = !function_->instructions.empty() && function_->instructions.back().endsFunction();
    if (!ends) refuse(line(), name + " does not end with a ret or a bra");
  }

  void body() {
    expect("{");
    const size_t outermost = scopes_.size();
    scopes_.emplace_back();
    while (scopes_.size() > outermost) {
      if (take("{")) {
        scopes_.emplace_back();
      } else if (take("}")) {
        scopes_.pop_back();
      } else if (take(".reg")) {
        declareRegisters();
      } else if (take(".shared")) {
        const Parameter p = place(declaration(), function_->sharedBytes);
        shared_[p.name] = p.offset;
        expect(";");
      } else if (take(".param")) {
        const Parameter p = place(declaration(), function_->frameBytes);
        scopes_.back().frame[p.name] = p.offset;
        expect(";");
      } else if (take(".pragma")) {
        word();
        expect(";");
      } else if (text()[0] == '.') {
        refuse(line(), "no directive " + text());
      } else if (tokens_[at_ + 1].text == ":") {
        labels_[word()] = int(function_->instructions.size());
        expect(":");
      } else {
        instruction();
      }
    }
  }

  // ---- operands ----

  // Where in the frame a parameter lies, or −1.
  int64_t frameOffset(const std::string& name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      auto found = scope->frame.find(name);
      if (found != scope->frame.end()) return int64_t(found->second);
    }
    return -1;
  }

  // A name that stands for an address, as a constant; −1 if it is none.
  int addressConstant(const std::string& name) {
    auto shared = shared_.find(name);
    if (shared != shared_.end()) return constant(shared->second);
    if (function_->isEntry) {
      for (const Parameter& p : function_->parameters) {
        if (p.name == name) return constant(PARAMETER_WINDOW + p.offset);
      }
    }
    return -1;
  }

  int operand() {
    const int where = line();
    const std::string name = word();
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      auto found = scope->registers.find(name);
      if (found != scope->registers.end()) return found->second;
    }
    if (name.size() == 10 && name.compare(0, 2, "0f") == 0) return constant(std::stoul(name.substr(2), nullptr, 16));
    if (name.size() == 18 && name.compare(0, 2, "0d") == 0) return constant(std::stoull(name.substr(2), nullptr, 16));
    if (name[0] == '-') return constant(uint64_t(std::stoll(name)));
    if (isdigit((unsigned char)name[0])) return constant(std::stoull(name, nullptr, 0));
    const int address = addressConstant(name);
    if (address < 0) refuse(where, "no operand " + name);
    return address;
  }

  // {%r1, %r2}, or one register
  std::vector<int> vector() {
    if (!take("{")) return {operand()};
    std::vector<int> parts;
    do parts.push_back(operand());
    while (take(","));
    expect("}");
    return parts;
  }

  // [%rd1+8]
  void address(Instruction& i, int Instruction::*base) {
    expect("[");
    const int64_t inFrame = frameOffset(text());
    if (inFrame >= 0) {
      at_++;
      i.space = Space::FRAME;
      i.offset = inFrame;
    } else {
      i.*base = operand();
    }
    if (take("+")) i.offset += std::stoll(word());
    expect("]");
  }

  void operands(const std::vector<int*>& places) {
    for (size_t i = 0; i < places.size(); i++) {
      if (i > 0) expect(",");
      *places[i] = operand();
    }
  }

  // ---- instructions ----

  // What is not register to register, by the name before the first dot. A new instruction is a line here, how it is read, and an
  // action of the machine's.
  using Reader = void (Parser::*)(Instruction&, Modifiers&);
  static Reader readerOf(const std::string& name) {
    static const std::unordered_map<std::string, Reader> readers = {
        {"bra", &Parser::branch}, {"ret", &Parser::ret},      {"call", &Parser::call}, {"bar", &Parser::barrier},
        {"ld", &Parser::load},    {"st", &Parser::store},     {"shfl", &Parser::shfl}, {"vote", &Parser::vote},
        {"cp", &Parser::copy},    {"atom", &Parser::increment},
    };
    auto found = readers.find(name);
    return found == readers.end() ? nullptr : found->second;
  }

  void instruction() {
    Instruction i;
    i.line = line();
    if (take("@")) {
      i.negated = take("!");
      i.predicate = operand();
    }
    i.name = word();
    Modifiers modifiers(i.name);
    if (Reader read = readerOf(split(i.name)[0])) {
      (this->*read)(i, modifiers);
      if (!modifiers.allTaken()) refuse(i.line, "no instruction " + i.name);
    } else if (i.name.compare(0, 5, "mov.b") == 0 && (is("{") || tokens_[at_ + 2].text == "{")) {
      moveVector(i, modifiers);
    } else {
      operate(i);
    }
    if (!is(";")) refuse(i.line, "no instruction " + i.name + " with an operand " + text());
    at_++;
    function_->instructions.push_back(std::move(i));
  }

  void operate(Instruction& i) {
    i.operation = findOperation(i.name);
    if (!i.operation) refuse(i.line, "no instruction " + i.name);
    i.to = operand();
    for (int* place : {&i.a, &i.b, &i.c, &i.d}) {
      if (!take(",")) break;
      *place = operand();
    }
  }

  void moveVector(Instruction& i, Modifiers& modifiers) {
    i.bytes = uint8_t(bytesOf(modifiers.takeLast()));
    i.action = is("{") ? Action::UNPACK : Action::PACK;
    if (i.action == Action::UNPACK) i.parts = vector(); else i.to = operand();
    expect(",");
    if (i.action == Action::UNPACK) i.a = operand(); else i.parts = vector();
    i.bytes = uint8_t(i.bytes / i.parts.size());  // of each
    if (i.bytes < 2) refuse(i.line, "no instruction " + i.name + " of so many parts");
  }

  void branch(Instruction& i, Modifiers& modifiers) {
    i.action = Action::BRANCH;
    modifiers.take("uni");
    jumps_.push_back({function_->instructions.size(), word()});
  }

  void ret(Instruction& i, Modifiers&) {
    i.action = Action::RETURN;
    if (i.predicate >= 0) refuse(i.line, "no ret with a guard");
  }

  int64_t argument() {
    const int where = line();
    const std::string name = word();
    const int64_t offset = frameOffset(name);
    if (offset < 0) refuse(where, "no parameter " + name);
    return offset;
  }

  void call(Instruction& i, Modifiers& modifiers) {
    i.action = Action::CALL;
    modifiers.take("uni");
    if (take("(")) {
      i.result = argument();
      expect(")");
      expect(",");
    }
    auto found = module_->functions.find(word());
    if (found == module_->functions.end() || i.predicate >= 0) refuse(i.line, "no such call");
    i.callee = found->second.get();
    if (!take(",")) return;
    expect("(");
    do i.arguments.push_back(argument());
    while (take(","));
    expect(")");
  }

  // bar.sync 0; bar.red.or.pred %p1, 0, %p2; bar.warp.sync mask;
  void barrier(Instruction& i, Modifiers& modifiers) {
    if (modifiers.take("warp")) {
      i.action = Action::WARP_BARRIER;
      if (modifiers.take("sync")) i.d = operand();
      return;
    }
    i.action = Action::BARRIER;
    if (modifiers.take("red")) {
      i.reduction = modifiers.take("or") ? Reduction::OR : modifiers.take("and") ? Reduction::AND : Reduction::NONE;
      if (i.reduction == Reduction::NONE || !modifiers.take("pred")) return;
      operands({&i.to, &i.b, &i.a});
    } else if (modifiers.take("sync")) {
      i.b = operand();
    }
    if (i.b != ZERO) refuse(i.line, "no barrier but 0: " + i.name);
  }

  void memory(Instruction& i, Modifiers& modifiers, Action action) {
    i.action = action;
    const std::string type = modifiers.takeLast();
    i.bytes = uint8_t(bytesOf(type));
    i.isSigned = type[0] == 's';
    i.acquires = action == Action::LOAD && modifiers.take("acquire");
    i.releases = action == Action::STORE && modifiers.take("release");
    if (i.acquires || i.releases) modifiers.take("cta");
    i.isAtomic = modifiers.take("relaxed") && modifiers.take("gpu");
    i.space = modifiers.take("global")   ? Space::GLOBAL
              : modifiers.take("shared") ? Space::SHARED
              : modifiers.take("param")  ? Space::PARAMETERS
                                         : Space::GENERIC;
    if ((i.acquires || i.releases) && i.space != Space::SHARED) refuse(i.line, "no instruction " + i.name);
    if (i.isAtomic && i.space != Space::GLOBAL) refuse(i.line, "no instruction " + i.name);
    i.polls = i.acquires || (i.isAtomic && action == Action::LOAD) || (action == Action::LOAD && modifiers.take("volatile"));
    if (action == Action::STORE) modifiers.take("volatile");
    const size_t count = modifiers.take("v2") ? 2 : modifiers.take("v4") ? 4 : 1;
    i.parts.resize(count);
  }

  // As many registers as the modifiers say.
  void registersOf(Instruction& i) {
    const std::vector<int> parts = vector();
    if (parts.size() != i.parts.size()) {
      refuse(i.line, "no instruction " + i.name + " of " + std::to_string(parts.size()) + " registers");
    }
    i.parts = parts;
  }

  void load(Instruction& i, Modifiers& modifiers) {
    memory(i, modifiers, Action::LOAD);
    registersOf(i);
    expect(",");
    address(i, &Instruction::a);
  }

  void store(Instruction& i, Modifiers& modifiers) {
    memory(i, modifiers, Action::STORE);
    address(i, &Instruction::a);
    expect(",");
    registersOf(i);
  }

  // atom.global.inc.u32 %r1, [%rd1], most;
  void increment(Instruction& i, Modifiers& modifiers) {
    i.action = Action::INCREMENT;
    i.isAtomic = modifiers.take("global") && modifiers.take("inc") && modifiers.take("u32");
    i.space = Space::GLOBAL;
    i.bytes = 4;
    i.to = operand();
    expect(",");
    address(i, &Instruction::a);
    expect(",");
    i.b = operand();
  }

  // shfl.sync.up.b32 %r1|%p1, value, by, clamp, mask;
  void shfl(Instruction& i, Modifiers& modifiers) {
    i.action = Action::SHUFFLE;
    i.shuffle = modifiers.take("bfly") ? Shuffle::BFLY
                : modifiers.take("up")   ? Shuffle::UP
                : modifiers.take("down") ? Shuffle::DOWN
                                         : Shuffle::IDX;
    if (i.shuffle == Shuffle::IDX) modifiers.take("idx");
    modifiers.take("sync") && modifiers.take("b32");
    i.to = operand();
    i.parts = {take("|") ? operand() : SINK};
    expect(",");
    operands({&i.a, &i.b, &i.c, &i.d});
  }

  void vote(Instruction& i, Modifiers& modifiers) {
    i.action = Action::VOTE;
    i.reduction = modifiers.take("any") ? Reduction::OR : modifiers.take("all") ? Reduction::AND : Reduction::BALLOT;
    if (i.reduction == Reduction::BALLOT) modifiers.take("ballot");
    modifiers.take("sync") && (modifiers.take("pred") || modifiers.take("b32"));
    operands({&i.to, &i.a, &i.d});
  }

  // cp.async.ca.shared.global [to], [from], bytes; cp.async.commit_group; cp.async.wait_group n; cp.async.wait_all;
  void copy(Instruction& i, Modifiers& modifiers) {
    if (!modifiers.take("async")) return;
    if (modifiers.take("commit_group")) {
      i.action = Action::COMMIT_GROUP;
    } else if (modifiers.take("wait_group")) {
      i.action = Action::WAIT_GROUP;
      i.offset = std::stoll(word());
    } else if (modifiers.take("wait_all")) {
      i.action = Action::WAIT_GROUP;
      i.offset = -1;  // those that no group has, too
    } else {
      i.action = Action::COPY_ASYNC;
      const bool isWide = modifiers.take("cg");
      isWide || modifiers.take("ca");
      modifiers.take("shared") && modifiers.take("global");
      address(i, &Instruction::a);
      expect(",");
      std::swap(i.offset, i.fromOffset);
      address(i, &Instruction::b);
      std::swap(i.offset, i.fromOffset);
      expect(",");
      i.bytes = uint8_t(std::stoul(word()));
      const bool isSize = i.bytes == 16 || (!isWide && (i.bytes == 4 || i.bytes == 8));
      if (!isSize) refuse(i.line, "no instruction " + i.name + " of " + std::to_string(i.bytes) + " bytes");
    }
  }

  struct Scope {
    std::unordered_map<std::string, int> registers;
    std::unordered_map<std::string, size_t> frame;  // parameters
  };

  std::vector<Token> tokens_;
  size_t at_ = 0;
  std::unique_ptr<Module> module_;
  // of the function that is being read
  Function* function_ = nullptr;
  std::vector<Scope> scopes_;
  std::unordered_map<std::string, size_t> shared_;
  std::unordered_map<std::string, size_t> sharedByAll_;  // of the module
  size_t sharedBytes_ = 0;
  std::unordered_map<uint64_t, int> constants_;
  std::unordered_map<std::string, int> labels_;
  std::vector<std::pair<size_t, std::string>> jumps_;
};

}  // namespace

std::unique_ptr<Module> parse(const std::string& text) { return Parser(text).run(); }

}  // namespace ptx
