// The project's kernels, compiled for the engine (with -fsanitize=thread,alignment, see cuda_emulation.h).
#define CTC_EMULATION
#include "../../../../kernels/ctc.cuh"
#include "../../../../kernels/decoding.cuh"
#include "../../../../kernels/align.cuh"
#include "../../../../kernels/posteriors.cuh"
#include "../../../../kernels/reduction.cuh"

// Each file in a namespace of its own: on the device each is a module.
namespace prepareModule {
#include "../../../../kernels/prepare.cu"
}
namespace framesModule {
#include "../../../../kernels/frames.cu"
}
namespace latticeModule {
#include "../../../../kernels/lattice.cu"
}
namespace labelsModule {
#include "../../../../kernels/labels.cu"
}
namespace offsetsModule {
#include "../../../../kernels/offsets.cu"
}
namespace consistencyModule {
#include "../../../../kernels/consistency.cu"
}
namespace posteriorsModule {
#include "../../../../kernels/posteriors.cu"
}
namespace wildcardsModule {
#include "../../../../kernels/wildcards.cu"
}
namespace smallLossModule {
#include "../../../../kernels/small_loss.cu"
}
namespace reduceModule {
#include "../../../../kernels/reduce.cu"
}
namespace alignModule {
#include "../../../../kernels/align.cu"
}
namespace alignWildcardsModule {
#include "../../../../kernels/align_wildcards.cu"
}
namespace greedyModule {
#include "../../../../kernels/greedy.cu"
}
namespace beamModule {
#include "../../../../kernels/beam_search.cu"
}
namespace projectionModule {
#include "../../../../kernels/projection.cu"
}

#include "kernels.h"

namespace emulation {

#define KERNEL(MODULE, NAME, THREADS, SHARED) Entry<&MODULE::NAME>::kernel(#NAME, THREADS, SHARED)
#define FRAMES_FEW(TYPE)                                           \
  KERNEL(framesModule, ctc_frames_##TYPE##_c32, 256, 0),           \
      KERNEL(framesModule, ctc_frames_##TYPE##_c256, 256, 0),      \
      KERNEL(framesModule, ctc_frames_##TYPE##_any, 1024, sizeof(framesModule::BlockShared<TYPE>))
#define FRAMES(TYPE)                                               \
  FRAMES_FEW(TYPE),                                                \
      KERNEL(framesModule, ctc_frames_##TYPE##_c64, 256, 0),       \
      KERNEL(framesModule, ctc_frames_##TYPE##_c128, 256, 0),      \
      KERNEL(framesModule, ctc_frames_##TYPE##_c1024, 256, 0),     \
      KERNEL(framesModule, ctc_frames_##TYPE##_c16384, 1024, sizeof(framesModule::BlockShared<TYPE>))
#define PROJECTION(TYPE)                                                                                \
  KERNEL(projectionModule, ctc_projection_sum_##TYPE, 256, sizeof(projectionModule::SumShared)),        \
      KERNEL(projectionModule, ctc_projection_gradient_##TYPE, 256, 0)

const Kernel* findKernel(const char* name) {
  static const unsigned latticeShared = sizeof(latticeModule::LatticeShared);
  static const unsigned alignShared = sizeof(alignModule::AlignShared);
  static const Kernel kernels[] = {
      KERNEL(prepareModule, ctc_prepare, 256, 64 + 32),
      FRAMES_FEW(f64),
      FRAMES(f32),
      FRAMES(f16),
      FRAMES(bf16),
      KERNEL(framesModule, ctc_frames_probabilities, 256, 0),
      KERNEL(latticeModule, ctc_lattice_p1, 256, latticeShared),
      KERNEL(latticeModule, ctc_lattice_p2, 256, latticeShared),
      KERNEL(latticeModule, ctc_lattice_p4, 256, latticeShared),
      KERNEL(latticeModule, ctc_lattice_split_store, 128, latticeShared + 4),
      KERNEL(latticeModule, ctc_lattice_split_meet, 256, latticeShared),
      KERNEL(latticeModule, ctc_lattice_split_consume, 128, latticeShared + 4),
      KERNEL(labelsModule, ctc_labels, 256, 0),
      KERNEL(offsetsModule, ctc_target_offsets, 128, 0),
      KERNEL(offsetsModule, ctc_class_offsets, 128, 0),
      KERNEL(offsetsModule, ctc_offsets, 256, 0),
      KERNEL(offsetsModule, ctc_offset_labels, 256, 0),
      KERNEL(consistencyModule, ctc_consistency_f64, 512, 128),
      KERNEL(consistencyModule, ctc_consistency_f32, 512, 128),
      KERNEL(consistencyModule, ctc_consistency_sum, 256, 2048),
      KERNEL(posteriorsModule, ctc_posteriors, 256, 0),
      KERNEL(wildcardsModule, ctc_wildcards_prepare, 256, 0),
      KERNEL(wildcardsModule, ctc_wildcards_frames, 256, 0),
      KERNEL(wildcardsModule, ctc_wildcards_lattice, 256, 4 * wildcardsModule::MOST_SHARED * sizeof(wildcardsModule::Wide64)),
      KERNEL(wildcardsModule, ctc_wildcards_gradient, 256, 0),
      KERNEL(smallLossModule, ctc_small_loss, 384, sizeof(smallLossModule::SmallLossShared)),
      KERNEL(reduceModule, ctc_reduce, 256, 64),
      KERNEL(greedyModule, ctc_greedy_frames, 256, 0),
      KERNEL(greedyModule, ctc_greedy_path, 32, 0),
      KERNEL(beamModule, ctc_beam_classes, 128, sizeof(beamModule::ClassesShared)),
      KERNEL(beamModule, ctc_beam_search, 128, sizeof(beamModule::BeamShared)),
      KERNEL(beamModule, ctc_beam_search_tokens, 128, sizeof(beamModule::TokenShared)),
      KERNEL(alignModule, ctc_align_frames, 256, 0),
      KERNEL(alignModule, ctc_align_path_f64, 256, alignShared),
      KERNEL(alignModule, ctc_align_path_f32, 256, alignShared),
      KERNEL(alignModule, ctc_align_path_f16, 256, alignShared),
      KERNEL(alignWildcardsModule, ctc_align_wildcard_frames, 256, 0),
      KERNEL(alignWildcardsModule, ctc_align_wildcard_path, 256, sizeof(alignWildcardsModule::WildcardShared)),
      KERNEL(projectionModule, ctc_projection_targets, 256, 0),
      KERNEL(projectionModule, ctc_projection_rows, 256, 0),
      KERNEL(projectionModule, ctc_projection_gather, 256, 0),
      KERNEL(projectionModule, ctc_projection_finish, 256, 0),
      KERNEL(projectionModule, ctc_projection_scale, 256, 64),
      KERNEL(projectionModule, ctc_projection_bias, 256, 2048),
      KERNEL(projectionModule, ctc_projection_hidden, 256, 0),
      KERNEL(projectionModule, ctc_projection_weights, 256, 0),
      PROJECTION(f64),
      PROJECTION(f32),
      PROJECTION(f16),
      PROJECTION(bf16),
  };
  for (const Kernel& kernel : kernels) {
    if (strcmp(kernel.name, name) == 0) return &kernel;
  }
  return nullptr;
}

// All programs are the same: the sources.
struct Program {};

const Program* loadProgram(const std::string&, std::string*) {
  static const Program sources;
  return &sources;
}

const Kernel* findKernel(const Program&, const char* name) { return findKernel(name); }

}  // namespace emulation
