#include "machine.h"

#include <algorithm>

namespace ptx {

namespace {

constexpr size_t MAX_FINDINGS = 20;
constexpr uint64_t MAX_STALLED = 30'000;
constexpr unsigned PATIENCE = 3;    // how often a block looks again before others have their turn
constexpr size_t MOST_BLOCKS = 3;  // under way

FramePool frames;
emulation::Intervals intervals;

unsigned lowest(uint32_t bits) { return unsigned(__builtin_ctz(bits)); }

// Acts on each lane whose bit is set.
template <typename F>
void forEach(uint32_t lanes, F&& act) {
  for (; lanes != 0; lanes &= lanes - 1) act(lowest(lanes));
}

}  // namespace

Block::Block(unsigned index, size_t sharedBytes, unsigned threads, emulation::Intervals& intervals)
    : index(index), sharedMemory(sharedBytes), shared(sharedMemory.data(), sharedBytes), warps((threads + 31) / 32), clocks(intervals) {
  clocks.beginBlock(index, threads);
}

bool Block::isReady() const {
  return std::any_of(warps.begin(), warps.end(), [](const Warp& warp) { return warp.ready != 0; });
}

bool Block::isEager() const {
  return std::any_of(warps.begin(), warps.end(), [](const Warp& warp) { return (warp.ready & ~warp.spinning) != 0; });
}

void Block::lookAgain() {
  for (Warp& warp : warps) warp.spinning = 0;
  looked++;
}

Machine::Machine(Launch launch) : launch_(std::move(launch)), schedule_(launch_.seed) {}

void Machine::report(unsigned thread, int line, const std::string& what) {
  // once for each instruction and kind of error
  if (!found_.insert(std::to_string(line) + what.substr(0, 12)).second || findings_.size() >= MAX_FINDINGS) {
    dropped_++;
    return;
  }
  findings_.push_back(launch_.function->name + " block " + std::to_string(block_->index) + " thread " + std::to_string(thread) + ": " +
                      what + ", PTX line " + std::to_string(line));
}

// One block after the other, unless one waits for another or the seed has it otherwise.
emulation::Findings Machine::run() {
  intervals.beginLaunch();
  const emulation::BlockOrder order(launch_.blocks, schedule_.ascendsBlocks(), schedule_.random());
  unsigned begun = 0;
  while ((begun < launch_.blocks || !underWay_.empty()) && !isOver_) {
    std::vector<Block*> able;
    bool anyReady = false;
    for (auto& block : underWay_) {
      anyReady |= block->isReady();
      if (block->isEager() || (block->isReady() && block->looked < PATIENCE)) able.push_back(block.get());
    }
    const bool mayBegin = begun < launch_.blocks && underWay_.size() < MOST_BLOCKS;
    if (!able.empty() || mayBegin) {
      const size_t pick = schedule_.blockOf(able.size() + mayBegin);
      if (pick < able.size()) block_ = able[pick]; else begin(order[begun++]);
      runBlock();
    } else if (!anyReady) {
      reportDeadlock("deadlock: a barrier or warp operation not reached by all:");
    } else if (++stalled_ > MAX_STALLED) {
      reportDeadlock("deadlock: all wait for what nobody writes:");
    } else {
      for (auto& block : underWay_) block->looked = 0;
    }
  }
  while (!underWay_.empty()) {
    block_ = underWay_.back().get();
    end();
  }
  std::string all;
  for (const std::string& finding : findings_) all += (all.empty() ? "" : "\n") + finding;
  if (dropped_ > 0) all += "\n" + launch_.function->name + ": and " + std::to_string(dropped_) + " more";
  if (!all.empty()) all += "\norder " + std::to_string(launch_.seed);
  return {all, isMisaligned_};
}

// ---- turns ------------------------------------------------------------------------------------------------------------------------

void Machine::begin(Warp& warp) {
  const unsigned count = std::min(32u, launch_.threads - warp.first);
  warp.ready = ~0u >> (32 - count);
  warp.exited = ~warp.ready;
  warp.spinning = warp.atBarrier = warp.atOperation = 0;
  Frame* frame = frames.take(*launch_.function);
  frame->caller = nullptr;
  frame->depth = 0;
  frame->lanes = warp.ready;
  const uint64_t special[] = {0, launch_.threads, block_->index, launch_.blocks, 0};
  for (int r = TID; r <= LANEID; r++) {
    std::fill_n(frame->values(r), 32, special[r - TID]);
    frame->define(r, ~0u);
  }
  for (unsigned lane = 0; lane < 32; lane++) {
    frame->values(TID)[lane] = warp.first + lane;
    frame->values(LANEID)[lane] = lane;
    warp.lanes[lane] = Lane();
    warp.lanes[lane].frame = frame;
  }
}

void Machine::begin(unsigned index) {
  const size_t dynamic = launch_.dynamicSharedBytes;
  const size_t sharedBytes = dynamic == 0 ? launch_.function->sharedBytes : DYNAMIC_SHARED + dynamic;
  underWay_.push_back(std::make_unique<Block>(index, sharedBytes, launch_.threads, intervals));
  block_ = underWay_.back().get();
  schedule_.beginBlock();
  for (size_t w = 0; w < block_->warps.size(); w++) {
    block_->warps[w].first = unsigned(w) * 32;
    begin(block_->warps[w]);
  }
}

// As long as its threads have anything to do, or the seed lets it.
void Machine::runBlock() {
  if (!block_->isEager()) block_->lookAgain();
  for (uint64_t turns = schedule_.turnsOfBlock(); turns > 0 && !isOver_; turns--) {
    uint32_t eager = 0;
    for (size_t w = 0; w < block_->warps.size(); w++) {
      eager |= uint32_t((block_->warps[w].ready & ~block_->warps[w].spinning) != 0) << w;
    }
    if (eager == 0) break;
    turn(block_->warps[schedule_.warpOf(eager)]);
  }
  if (block_->exited == launch_.threads) end();
}

void Machine::end() {
  for (Warp& warp : block_->warps) {
    forEach(~warp.exited, [&](unsigned lane) {  // where the launch is over
      for (Frame* frame = warp.lanes[lane].frame; frame; frame = frame->caller) {
        frame->lanes &= ~(1u << lane);
        if (frame->lanes == 0) frames.giveBack(frame);
      }
    });
  }
  underWay_.erase(std::find_if(underWay_.begin(), underWay_.end(), [&](auto& block) { return block.get() == block_; }));
}

// Whoever waits looks again.
void Machine::released() {
  stalled_ = 0;
  for (auto& block : underWay_) {
    block->looked = 0;
    for (Warp& warp : block->warps) warp.spinning = 0;
  }
}

void Machine::reportDeadlock(const char* kind) {
  std::string who;
  unsigned thread = 0;
  for (auto& block : underWay_) {
    for (const Warp& warp : block->warps) {
      // of each warp, one lane of each kind
      for (uint32_t lanes : {warp.ready, warp.atBarrier, warp.atOperation}) {
        if (lanes == 0) continue;
        const Lane& lane = warp.lanes[lowest(lanes)];
        const Instruction& at = lanes == warp.ready ? lane.frame->function.instructions[lane.next] : *lane.waits;
        block_ = block.get();
        thread = warp.first + lowest(lanes);
        who += " thread " + std::to_string(thread) + " of block " + std::to_string(block->index) + " in line " +
               std::to_string(at.line) + " (" + at.name + ");";
      }
    }
  }
  report(thread, 0, kind + who);
  isOver_ = true;
}

void Machine::turn(Warp& warp) {
  for (uint64_t left = schedule_.quantum(); left > 0 && !isOver_;) {
    const uint32_t eager = warp.ready & ~warp.spinning;
    if (eager == 0) return;
    unsigned lane = schedule_.keepsLanesTogether() ? lowest(eager) : schedule_.laneOf(eager);
    int until = INT32_MAX;
    if (schedule_.keepsLanesTogether()) {
      // those that are farthest back, in the innermost call, so that others are met
      forEach(eager, [&](unsigned other) {
        const Lane &mine = warp.lanes[lane], &theirs = warp.lanes[other];
        const int deeper = theirs.frame->depth - mine.frame->depth;
        if (deeper > 0 || (deeper == 0 && theirs.next < mine.next)) lane = other;
      });
      forEach(eager, [&](unsigned other) {
        const Lane &mine = warp.lanes[lane], &theirs = warp.lanes[other];
        if (theirs.frame == mine.frame && theirs.next > mine.next) until = std::min(until, theirs.next);
      });
    }
    uint32_t lanes = 0;
    forEach(eager, [&](unsigned other) {
      const Lane &mine = warp.lanes[lane], &theirs = warp.lanes[other];
      if (theirs.frame == mine.frame && theirs.next == mine.next) lanes |= 1u << other;
    });
    left -= runLanes(warp, schedule_.lanesOf(lanes, lane), until, left);
  }
}

// Runs lanes that are at the same instruction until they part, wait, reach instruction `until` or have run `most`; how many they ran.
uint64_t Machine::runLanes(Warp& warp, uint32_t lanes, int until, uint64_t most) {
  Frame& frame = *warp.lanes[lowest(lanes)].frame;
  // what is counted is no part of what a function is
  std::vector<Instruction>& instructions = const_cast<Function&>(frame.function).instructions;
  int next = warp.lanes[lowest(lanes)].next;
  uint64_t count = 0;
  auto park = [&](uint32_t which, int at) { forEach(which, [&](unsigned lane) { warp.lanes[lane].next = at; }); };
  while (count < most && next < until) {
    Instruction& i = instructions[next];
    count++;
    i.executed++;
    executed_++;
    uint32_t active = lanes;
    if (i.predicate >= 0) {
      if (const uint32_t open = frame.undefined(i.predicate).any() & lanes) {
        report(warp.first + lowest(open), i.line, "a guard that depends on an undefined value");
        frame.define(i.predicate, open);
      }
      active &= i.negated ? ~frame.truth(i.predicate) : frame.truth(i.predicate);
    }
    if (i.action == Action::BRANCH) {
      if (active != 0 && active != lanes) {
        park(active, i.target);
        park(lanes & ~active, next + 1);
        return count;
      }
      next = active != 0 ? i.target : next + 1;
      continue;
    }
    next++;
    if (active == 0) continue;
    if (i.action == Action::CALL) {
      call(warp, i, lanes, next);
      return count;
    }
    if (i.action == Action::RETURN) {
      leave(warp, lanes);
      return count;
    }
    if (!execute(warp, frame, i, active)) {
      park(lanes, next);
      if (!isOver_ && warp.atOperation & active) tryOperation(warp, lowest(active));
      if (!isOver_ && warp.atBarrier & active) tryBarrier();
      return count;
    }
  }
  park(lanes, next);
  return count;
}

// Whether the lanes go on.
bool Machine::execute(Warp& warp, Frame& frame, Instruction& i, uint32_t lanes) {
  switch (i.action) {
    case Action::OPERATE: frame.operate(i, lanes); return true;
    case Action::PACK: frame.pack(i, lanes); return true;
    case Action::UNPACK: frame.unpack(i, lanes); return true;
    case Action::LOAD: return load(warp, frame, i, lanes);
    case Action::STORE: return store(warp, frame, i, lanes);
    case Action::INCREMENT: return increment(warp, frame, i, lanes);
    case Action::COPY_ASYNC: return copy(warp, frame, i, lanes);
    case Action::COMMIT_GROUP:
      forEach(lanes, [&](unsigned lane) {
        Lane& mine = warp.lanes[lane];
        for (Copy& copy : mine.copies) copy.group = copy.group < 0 ? mine.groups : copy.group;
        mine.groups++;
      });
      return true;
    case Action::WAIT_GROUP: return complete(warp, i, lanes);
    case Action::BARRIER:
    case Action::WARP_BARRIER:
    case Action::SHUFFLE:
    case Action::VOTE: arrive(warp, frame, i, lanes); return false;
    default: return false;
  }
}

void Machine::call(Warp& warp, const Instruction& i, uint32_t lanes, int next) {
  Frame& from = *warp.lanes[lowest(lanes)].frame;
  Frame& to = *frames.take(*i.callee);
  to.caller = &from;
  to.call = &i;
  to.returnTo = next;
  to.depth = from.depth + 1;
  to.lanes = lanes;
  for (int r = TID; r <= LANEID; r++) {
    std::copy_n(from.values(r), 32, to.values(r));
    to.define(r, ~0u);
  }
  for (size_t p = 0; p < i.arguments.size(); p++) {
    const Parameter& parameter = i.callee->parameters[p];
    forEach(lanes, [&](unsigned lane) {
      std::copy_n(from.parameter(lane, i.arguments[p]), parameter.bytes, to.parameter(lane, int64_t(parameter.offset)));
    });
    for (size_t word = 0; word < parameter.bytes; word += 4) {
      to.undefinedParameter(int64_t(parameter.offset + word)) = from.undefinedParameter(i.arguments[p] + int64_t(word));
    }
  }
  forEach(lanes, [&](unsigned lane) {
    warp.lanes[lane].frame = &to;
    warp.lanes[lane].next = 0;
  });
}

// Back to the caller, or out of the kernel.
void Machine::leave(Warp& warp, uint32_t lanes) {
  Frame& from = *warp.lanes[lowest(lanes)].frame;
  Frame* to = from.caller;
  forEach(lanes, [&](unsigned lane) {
    warp.lanes[lane].frame = to;
    warp.lanes[lane].next = from.returnTo;
  });
  if (to == nullptr) {
    warp.ready &= ~lanes;
    warp.exited |= lanes;
    block_->exited += unsigned(__builtin_popcount(lanes));
  } else if (from.call->result >= 0) {
    const Parameter& result = from.function.result;
    forEach(lanes, [&](unsigned lane) {
      std::copy_n(from.parameter(lane, int64_t(result.offset)), result.bytes, to->parameter(lane, from.call->result));
    });
    for (size_t word = 0; word < result.bytes; word += 4) {
      uint32_t& mine = to->undefinedParameter(from.call->result + int64_t(word));
      mine = (mine & ~lanes) | (from.undefinedParameter(int64_t(result.offset + word)) & lanes);
    }
  }
  from.lanes &= ~lanes;
  if (from.lanes == 0) frames.giveBack(&from);
  if (to == nullptr) {
    tryBarrier();
    forEach(warp.atOperation, [&](unsigned lane) {
      if (warp.atOperation >> lane & 1 && !isOver_) tryOperation(warp, lane);
    });
  }
}

// ---- what several threads do together ---------------------------------------------------------------------------------------------

void Machine::arrive(Warp& warp, const Frame& frame, const Instruction& i, uint32_t lanes) {
  const bool isBarrier = i.action == Action::BARRIER;
  const uint32_t open = frame.undefined(isBarrier ? i.a : i.d).any() & lanes;
  if (open != 0) report(warp.first + lowest(open), i.line, i.name + " of an undefined " + (isBarrier ? "predicate" : "mask"));
  forEach(lanes, [&](unsigned lane) {
    Lane& mine = warp.lanes[lane];
    mine.waits = &i;
    mine.predicate = mine.frame->values(i.a)[lane] & 1;
    mine.mask = uint32_t(mine.frame->values(i.d)[lane]);
    if (!isBarrier && !(mine.mask >> lane & 1)) {
      report(warp.first + lane, i.line, "a lane that is not in its own mask");
      isOver_ = true;
    }
  });
  warp.ready &= ~lanes;
  (isBarrier ? warp.atBarrier : warp.atOperation) |= lanes;
  if (isBarrier) block_->atBarrier += unsigned(__builtin_popcount(lanes));
}

// Lets the lanes of a warp operation go when all of its mask that have not exited have come.
void Machine::tryOperation(Warp& warp, unsigned lane) {
  const Lane& mine = warp.lanes[lane];
  const uint32_t lanes = mine.mask & ~warp.exited;
  if (lanes & ~warp.atOperation) return;
  forEach(lanes, [&](unsigned other) {
    const Lane& theirs = warp.lanes[other];
    if (theirs.mask == mine.mask && theirs.waits->name == mine.waits->name) return;
    if (!isOver_) {
      report(warp.first + lane, mine.waits->line,
             mine.waits->name + " does not match that of another lane in line " + std::to_string(theirs.waits->line));
    }
    isOver_ = true;
  });
  if (isOver_) return;
  exchange(warp, lanes);
  warp.atOperation &= ~lanes;
  warp.ready |= lanes;
}

void Machine::exchange(Warp& warp, uint32_t lanes) {
  switch (warp.lanes[lowest(lanes)].waits->action) {
    case Action::SHUFFLE: shuffle(warp, lanes); break;
    case Action::VOTE: vote(warp, lanes); break;
    default:
      if (launch_.isChecked) block_->clocks.warpBarrier(warp.first, lanes);
  }
}

void Machine::shuffle(Warp& warp, uint32_t lanes) {
  uint64_t given[32];
  uint32_t open = 0;
  forEach(lanes, [&](unsigned lane) {
    Lane& mine = warp.lanes[lane];
    given[lane] = uint32_t(mine.frame->values(mine.waits->a)[lane]);
    open |= mine.frame->undefined(mine.waits->a).any() & 1u << lane;
  });
  forEach(lanes, [&](unsigned lane) {
    Frame& frame = *warp.lanes[lane].frame;
    const Instruction& i = *warp.lanes[lane].waits;
    const int by = frame.values(i.b)[lane] & 31, clamp = frame.values(i.c)[lane] & 31;
    const int segment = frame.values(i.c)[lane] >> 8 & 31;
    if ((frame.undefined(i.b).any() | frame.undefined(i.c).any()) >> lane & 1) {
      report(warp.first + lane, i.line, "shuffle from an undefined lane");
    }
    const int self = int(lane);
    const int last = (self & segment) | (clamp & ~segment);
    int from = 0;
    switch (i.shuffle) {
      case Shuffle::UP: from = self - by; break;
      case Shuffle::DOWN: from = self + by; break;
      case Shuffle::BFLY: from = self ^ by; break;
      case Shuffle::IDX: from = (self & segment) | (by & ~segment); break;
    }
    const bool isInRange = i.shuffle == Shuffle::UP ? from >= last : from <= last;
    if (!isInRange) from = self;
    if (!(lanes >> from & 1)) report(warp.first + lane, i.line, "shuffle from lane " + std::to_string(from) + ", which takes no part");
    const uint32_t bit = 1u << lane, isOpen = open >> from & 1 ? bit : 0;
    frame.values(i.to)[lane] = lanes >> from & 1 ? given[from] : 0;
    frame.define(i.to, bit, {isOpen, isOpen});
    frame.values(i.parts[0])[lane] = isInRange;
    frame.define(i.parts[0], bit);
  });
}

void Machine::vote(Warp& warp, uint32_t lanes) {
  uint32_t votes = 0;
  forEach(lanes, [&](unsigned lane) {
    Lane& mine = warp.lanes[lane];
    votes |= uint32_t(mine.predicate) << lane;
    if (mine.frame->undefined(mine.waits->a).any() >> lane & 1) report(warp.first + lane, mine.waits->line, "an undefined vote");
  });
  forEach(lanes, [&](unsigned lane) {
    Lane& mine = warp.lanes[lane];
    const Reduction reduction = mine.waits->reduction;
    mine.frame->values(mine.waits->to)[lane] =
        reduction == Reduction::BALLOT ? votes : reduction == Reduction::OR ? votes != 0 : votes == lanes;
    mine.frame->define(mine.waits->to, 1u << lane);
  });
}

// Lets everybody go when all live threads have come.
void Machine::tryBarrier() {
  if (block_->atBarrier == 0 || block_->atBarrier + block_->exited < launch_.threads) return;
  bool any = false, all = true;
  const Instruction* first = nullptr;
  for (Warp& warp : block_->warps) {
    const Instruction* ofWarp = nullptr;
    forEach(warp.atBarrier, [&](unsigned lane) {
      const Instruction* mine = warp.lanes[lane].waits;
      any |= warp.lanes[lane].predicate;
      all &= warp.lanes[lane].predicate;
      // barriers are aligned: the same one for a warp; of the same kind for a block
      if ((ofWarp && mine != ofWarp) || (first && mine->name != first->name)) {
        report(warp.first + lane, mine->line, "divergent barrier: others wait in line " + std::to_string((ofWarp ? ofWarp : first)->line));
        isOver_ = true;
      }
      ofWarp = first = mine;
    });
  }
  for (Warp& warp : block_->warps) {
    forEach(warp.atBarrier, [&](unsigned lane) {
      const Instruction& i = *warp.lanes[lane].waits;
      if (i.reduction == Reduction::NONE) return;
      warp.lanes[lane].frame->values(i.to)[lane] = i.reduction == Reduction::OR ? any : all;
      warp.lanes[lane].frame->define(i.to, 1u << lane);
    });
    warp.ready |= warp.atBarrier;
    warp.atBarrier = 0;
  }
  block_->atBarrier = 0;
  block_->looked = 0;
  stalled_ = 0;
  block_->clocks.barrier();
}

}  // namespace ptx
