package io.finback.controlplane.placement;

import io.finback.resources.Resources;
import java.util.List;

/**
 * One waiting instance and where it goes.
 *
 * @param ports host ports, in the request's order
 * @param taken what it uses of the offer, ports included, reserved resources as such
 */
public record Assignment(String group, String taskId, Candidate candidate, List<Integer> ports, Resources taken) {
    public Assignment {
        ports = List.copyOf(ports);
    }
}
