// Moves rows between ranks so that each rank holds one contiguous piece of the input order.
#pragma once

#include <mpi.h>

#include "io/dataset_rows.hpp"

namespace xxact::io {

/// Collective on comm. Returns this rank's piece: all rows of rank r come before all of rank r + 1, in rising
/// input_index, pieces of about equal size. Occupancies are
/// there on every rank with atoms or, when all are 1, on none; NaNs are all the same one.
/// `labels` is the number of label columns. Throws alike on every rank: CommError when the arrays of a rank contradict
/// each other, or an input_index occurs twice.
DatasetRows exchange_into_input_order(MPI_Comm comm, DatasetRows rows, std::size_t labels);

}  // namespace xxact::io
