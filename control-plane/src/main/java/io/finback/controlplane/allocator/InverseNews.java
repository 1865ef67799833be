package io.finback.controlplane.allocator;

import java.util.List;

/** Inverse offers that were made, and others that ended: frameworks must be told of both. */
public record InverseNews(List<InverseOffered> made, List<InverseOffered> ended) {
    public InverseNews {
        made = List.copyOf(made);
        ended = List.copyOf(ended);
    }
}
