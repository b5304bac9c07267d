// Accesses of the machine's.
#include <cstring>

#include "machine.h"

namespace ptx {

using emulation::Kind;

namespace {

constexpr uint64_t WINDOW_BYTES = 1 << 24;

unsigned lowest(uint32_t bits) { return unsigned(__builtin_ctz(bits)); }

size_t bytesOf(const Instruction& i) { return i.bytes * std::max<size_t>(i.parts.size(), 1); }

uint64_t extended(const Instruction& i, const char* at) {
  uint64_t value = 0;
  memcpy(&value, at, i.bytes);
  if (!i.isSigned || i.bytes == 8) return value;
  const unsigned unused = 64 - 8 * i.bytes;
  return uint64_t(int64_t(value << unused) >> unused);
}

bool isInWindow(uint64_t address, uint64_t window) { return address >= window && address < window + WINDOW_BYTES; }

// Of the words that a value lies in, those in which its bytes are undefined.
Undefined undefinedIf(bool isUndefined, uint32_t lane) { return isUndefined ? Undefined{lane, lane} : Undefined{}; }

// Whether what is stored of a register depends on nothing undefined.
uint32_t undefinedLanes(const Frame& frame, int r, unsigned bytes) {
  const Undefined& how = frame.undefined(r);
  return bytes == 8 ? how.any() : how.low;
}

}  // namespace

// False where the launch is over.
bool Machine::checkAddress(const Warp& warp, const Frame& frame, const Instruction& i, int base, uint32_t lanes) {
  const Undefined& how = frame.undefined(base);
  const uint32_t open = (i.space == Space::SHARED ? how.low : how.any()) & lanes;
  if (open == 0) return true;
  report(warp.first + lowest(open), i.line, i.name + " at an address that depends on an undefined value");
  isOver_ = true;
  return false;
}

void Machine::touch(const Place& place, const Instruction& i, Kind kind, unsigned thread) {
  if (!launch_.isChecked) return;
  const std::string race = block_->clocks.touch(*place.region, place.offset, bytesOf(i), kind, place.isShared, thread, i.line);
  if (!race.empty()) report(thread, i.line, race);
}

Machine::Place Machine::locate(const Instruction& i, Space space, uint64_t address, bool write, unsigned thread) {
  const size_t bytes = bytesOf(i);
  if (space == Space::GENERIC) {
    space = isInWindow(address, SHARED_WINDOW) ? Space::SHARED : Space::GLOBAL;
    if (space == Space::SHARED) address -= SHARED_WINDOW;
  } else if (space == Space::SHARED) {
    address = uint32_t(address);
  }
  Place place;
  place.isShared = space == Space::SHARED;
  if (space == Space::PARAMETERS) {
    if (isInWindow(address, PARAMETER_WINDOW) && address - PARAMETER_WINDOW + bytes <= launch_.parameters.size()) {
      place.at = launch_.parameters.data() + (address - PARAMETER_WINDOW);
    }
  } else if (place.isShared) {
    place.region = &block_->shared;
    place.offset = address;
    const size_t end = address < DYNAMIC_SHARED ? launch_.function->sharedBytes : block_->shared.bytes;
    if (address + bytes <= end) place.at = block_->shared.base + address;
  } else {
    char* at = reinterpret_cast<char*>(address);
    place.region = emulation::allocationOf(at);
    if (place.region && place.region->holds(at, bytes)) {
      place.at = at;
      place.offset = size_t(at - place.region->base);
    }
  }
  const char* kind = write ? "write" : "read";
  if (!place.at) {
    char text[40];
    snprintf(text, sizeof text, "%#llx", (unsigned long long)address);
    report(thread, i.line,
           std::string("out-of-bounds ") + kind + " of " + std::to_string(bytes) + " bytes at " + text +
               (place.isShared ? " of shared memory" : emulation::nearestAllocation(reinterpret_cast<char*>(address))));
    isOver_ = true;
  } else if ((address & (bytes - 1)) != 0) {  // vectors are of two or four
    report(thread, i.line,
           std::string("misaligned ") + kind + " of " + i.name + ": expected a multiple of " + std::to_string(bytes) + ", got " +
               std::to_string(address % bytes) + " more" +
               (place.region ? ", " + emulation::describe(*place.region, place.offset, place.isShared) : ""));
    place.at = nullptr;
    isOver_ = isMisaligned_ = true;
  }
  return place;
}

bool Machine::load(Warp& warp, Frame& frame, const Instruction& i, uint32_t lanes) {
  if (i.space == Space::FRAME) {
    for (size_t part = 0; part < i.parts.size(); part++) {
      const int64_t offset = i.offset + int64_t(part * i.bytes);
      uint32_t open = frame.undefinedParameter(offset);
      if (i.bytes == 8) open |= frame.undefinedParameter(offset + 4);
      for (uint32_t left = lanes; left != 0; left &= left - 1) {
        frame.values(i.parts[part])[lowest(left)] = extended(i, frame.parameter(lowest(left), offset));
      }
      frame.define(i.parts[part], lanes, {open, open});
    }
    return true;
  }
  if (!checkAddress(warp, frame, i, i.a, lanes)) return false;
  uint64_t addresses[32];
  memcpy(addresses, frame.values(i.a), sizeof addresses);  // one of the parts may be the address
  for (uint32_t left = lanes; left != 0; left &= left - 1) {
    const unsigned lane = lowest(left), thread = warp.first + lane;
    const Place place = locate(i, i.space, addresses[lane] + uint64_t(i.offset), false, thread);
    if (!place.at) return false;
    if (place.region && !i.acquires) touch(place, i, i.isAtomic ? Kind::ATOMIC_READ : Kind::READ, thread);
    for (size_t part = 0; part < i.parts.size(); part++) {
      const size_t offset = part * i.bytes;
      const bool isUndefined =
          place.region && launch_.isChecked && !place.region->isInitialised(place.offset + offset, i.bytes);
      frame.values(i.parts[part])[lane] = extended(i, place.at + offset);
      frame.define(i.parts[part], 1u << lane, undefinedIf(isUndefined, 1u << lane));
    }
    for (size_t part = 0; i.acquires && part < i.parts.size(); part++) block_->clocks.acquire(thread, place.at + part * i.bytes);
  }
  if (i.polls) warp.spinning |= lanes;  // others first
  return !i.polls;
}

bool Machine::store(Warp& warp, Frame& frame, const Instruction& i, uint32_t lanes) {
  if (i.space == Space::FRAME) {
    for (size_t part = 0; part < i.parts.size(); part++) {
      const int64_t offset = i.offset + int64_t(part * i.bytes);
      const Undefined& how = frame.undefined(i.parts[part]);
      for (uint32_t left = lanes; left != 0; left &= left - 1) {
        memcpy(frame.parameter(lowest(left), offset), &frame.values(i.parts[part])[lowest(left)], i.bytes);
      }
      uint32_t& low = frame.undefinedParameter(offset);
      low = (low & ~lanes) | (how.low & lanes);
      if (i.bytes < 8) continue;
      uint32_t& high = frame.undefinedParameter(offset + 4);
      high = (high & ~lanes) | (how.high & lanes);
    }
    return true;
  }
  if (!checkAddress(warp, frame, i, i.a, lanes)) return false;
  for (uint32_t left = lanes; left != 0; left &= left - 1) {
    const unsigned lane = lowest(left), thread = warp.first + lane;
    const Place place = locate(i, i.space, frame.values(i.a)[lane] + uint64_t(i.offset), true, thread);
    if (!place.at) return false;
    if (!i.releases) touch(place, i, i.isAtomic ? Kind::ATOMIC_WRITE : Kind::WRITE, thread);
    if (i.releases) block_->clocks.release(thread, place.at);
    for (size_t part = 0; part < i.parts.size(); part++) {
      const bool isUndefined = undefinedLanes(frame, i.parts[part], i.bytes) >> lane & 1;
      memcpy(place.at + part * i.bytes, &frame.values(i.parts[part])[lane], i.bytes);
      if (launch_.isChecked) place.region->setInitialised(place.offset + part * i.bytes, i.bytes, !isUndefined);
      if (isUndefined && !place.isShared) report(thread, i.line, i.name + " of an undefined value");
    }
  }
  if (i.releases || i.isAtomic) released();
  return true;
}

// atom.inc: one more, or 0 past what is given.
bool Machine::increment(Warp& warp, Frame& frame, const Instruction& i, uint32_t lanes) {
  if (!checkAddress(warp, frame, i, i.a, lanes)) return false;
  for (uint32_t left = lanes; left != 0; left &= left - 1) {
    const unsigned lane = lowest(left), thread = warp.first + lane;
    const Place place = locate(i, i.space, frame.values(i.a)[lane] + uint64_t(i.offset), true, thread);
    if (!place.at) return false;
    touch(place, i, i.isAtomic ? Kind::ATOMIC_READ : Kind::READ, thread);
    touch(place, i, i.isAtomic ? Kind::ATOMIC_WRITE : Kind::WRITE, thread);
    if (launch_.isChecked && !place.region->isInitialised(place.offset, i.bytes)) report(thread, i.line, i.name + " of an undefined value");
    if ((frame.undefined(i.b).any() >> lane) & 1) report(thread, i.line, i.name + " up to an undefined value");
    uint32_t before;
    memcpy(&before, place.at, sizeof before);
    const uint32_t after = before >= uint32_t(frame.values(i.b)[lane]) ? 0 : before + 1;
    memcpy(place.at, &after, sizeof after);
    frame.values(i.to)[lane] = before;
    frame.define(i.to, 1u << lane);
  }
  return true;
}

// What is copied is read now; what is written may be there at any time from now on until it is waited for.
bool Machine::copy(Warp& warp, Frame& frame, const Instruction& i, uint32_t lanes) {
  if (!checkAddress(warp, frame, i, i.a, lanes) || !checkAddress(warp, frame, i, i.b, lanes)) return false;
  for (uint32_t left = lanes; left != 0; left &= left - 1) {
    const unsigned lane = lowest(left), thread = warp.first + lane;
    const uint64_t address = uint32_t(frame.values(i.a)[lane] + uint64_t(i.offset));
    const Place from = locate(i, Space::GLOBAL, frame.values(i.b)[lane] + uint64_t(i.fromOffset), false, thread);
    const Place to = from.at ? locate(i, Space::SHARED, address, true, thread) : from;
    if (!to.at) return false;
    touch(from, i, Kind::READ, thread);
    touch(to, i, Kind::WRITE, thread);
    block_->shared.setInitialised(to.offset, i.bytes, false);
    Copy copy{&i, address, {}, !launch_.isChecked || from.region->isInitialised(from.offset, i.bytes), -1};
    memcpy(copy.data, from.at, i.bytes);
    warp.lanes[lane].copies.push_back(copy);
  }
  return true;
}

// All but the last i.offset groups.
bool Machine::complete(Warp& warp, const Instruction& i, uint32_t lanes) {
  for (uint32_t left = lanes; left != 0; left &= left - 1) {
    const unsigned lane = lowest(left);
    Lane& mine = warp.lanes[lane];
    std::vector<Copy> underWay;
    for (Copy& copy : mine.copies) {
      const bool isDue = i.offset < 0 || (copy.group >= 0 && copy.group < mine.groups - i.offset);
      if (!isDue) {
        underWay.push_back(copy);
        continue;
      }
      const Place place = locate(*copy.instruction, Space::SHARED, copy.to, true, warp.first + lane);
      touch(place, *copy.instruction, Kind::WRITE, warp.first + lane);
      memcpy(place.at, copy.data, copy.instruction->bytes);
      block_->shared.setInitialised(place.offset, copy.instruction->bytes, copy.isDefined);
    }
    mine.copies = std::move(underWay);
  }
  return true;
}

}  // namespace ptx
