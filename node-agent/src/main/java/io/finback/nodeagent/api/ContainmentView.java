package io.finback.nodeagent.api;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.finback.nodeagent.isolation.IsolatorStatus;
import io.finback.resources.IsolatorReport;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * What keeps tasks apart here: never more than is true.
 *
 * @param isolators every one there is, on or off
 * @param outOfMemory containers ended for want of memory since this process started
 * @param leftGroups control groups that could not be removed yet
 */
public record ContainmentView(List<IsolatorStatus> isolators, LongSupplier outOfMemory, LongSupplier leftGroups) {
    private static final JsonMapper MAPPER = new JsonMapper();

    public ContainmentView {
        isolators = List.copyOf(isolators);
    }

    /** As Mesos' {@code --isolation} would have it: those that are on. */
    String flag() {
        return isolators.stream()
                .filter(IsolatorStatus::on)
                .map(status -> status.isolator().toString())
                .collect(Collectors.joining(","));
    }

    /** As the masters are told. */
    public IsolatorReport report() {
        return new IsolatorReport(
                isolators.stream()
                        .filter(IsolatorStatus::on)
                        .map(status -> status.isolator().toString())
                        .toList(),
                isolators.stream()
                        .filter(status -> !status.on())
                        .collect(Collectors.toMap(
                                status -> status.isolator().toString(), IsolatorStatus::detail, (one, other) -> one)));
    }

    ArrayNode json() {
        ArrayNode all = MAPPER.createArrayNode();
        for (IsolatorStatus status : isolators) {
            all.addObject()
                    .put("name", status.isolator().toString())
                    .put("on", status.on())
                    .put("detail", status.detail());
        }
        return all;
    }
}
