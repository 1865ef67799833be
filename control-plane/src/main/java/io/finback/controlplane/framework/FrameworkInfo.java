package io.finback.controlplane.framework;

import io.finback.controlplane.allocator.Capability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Who a framework is. Source: Mesos {@code FrameworkInfo}. What follows {@code failoverTimeout} may be missing in what an earlier
 * version has written.
 *
 * @param principal empty: none
 * @param roles what its offers are accounted to; none: it is offered nothing
 * @param failoverTimeout how long its tasks are kept when its scheduler is gone; the built-in schedulers never expire
 * @param user whose account its tasks run as unless they name another
 * @param minimums per role, amounts (scalar name to thousandths) of which an offer must hold at least one
 */
public record FrameworkInfo(
        String name,
        String principal,
        List<String> roles,
        Duration failoverTimeout,
        String user,
        Set<Capability> capabilities,
        boolean checkpoint,
        Optional<String> hostname,
        Optional<String> webuiUrl,
        Map<String, String> labels,
        Map<String, List<SortedMap<String, Long>>> minimums) {

    public FrameworkInfo(
            String name,
            String principal,
            List<String> roles,
            Duration failoverTimeout,
            @Nullable String user,
            @Nullable Set<Capability> capabilities,
            boolean checkpoint,
            Optional<String> hostname,
            Optional<String> webuiUrl,
            @Nullable Map<String, String> labels,
            @Nullable Map<String, List<SortedMap<String, Long>>> minimums) {
        this.name = name;
        this.principal = principal;
        this.roles = List.copyOf(roles);
        this.failoverTimeout = failoverTimeout;
        this.user = user == null ? "" : user;
        this.capabilities = capabilities == null ? Set.of() : Set.copyOf(capabilities);
        this.checkpoint = checkpoint;
        this.hostname = hostname;
        this.webuiUrl = webuiUrl;
        this.labels = labels == null ? Map.of() : Map.copyOf(labels);
        this.minimums = minimums == null ? Map.of() : copied(minimums);
    }

    /** A framework that is built in: it knows of everything and never expires. */
    public FrameworkInfo(String name, String principal, List<String> roles, Duration failoverTimeout) {
        this(
                name,
                principal,
                roles,
                failoverTimeout,
                "",
                Set.of(Capability.MULTI_ROLE, Capability.RESERVATION_REFINEMENT, Capability.PARTITION_AWARE),
                true,
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                Map.of());
    }

    /** The same, with one role more. */
    public FrameworkInfo withRole(String role) {
        List<String> more = new ArrayList<>(roles);
        more.add(role);
        return new FrameworkInfo(
                name,
                principal,
                more,
                failoverTimeout,
                user,
                capabilities,
                checkpoint,
                hostname,
                webuiUrl,
                labels,
                minimums);
    }

    /** The same with other roles, and what it says of them. */
    public FrameworkInfo withRoles(List<String> others, Map<String, List<SortedMap<String, Long>>> theirMinimums) {
        return new FrameworkInfo(
                name,
                principal,
                others,
                failoverTimeout,
                user,
                capabilities,
                checkpoint,
                hostname,
                webuiUrl,
                labels,
                theirMinimums);
    }

    public boolean has(Capability capability) {
        return capabilities.contains(capability);
    }

    private static Map<String, List<SortedMap<String, Long>>> copied(
            Map<String, List<SortedMap<String, Long>>> minimums) {
        Map<String, List<SortedMap<String, Long>>> copy = new HashMap<>();
        minimums.forEach((role, amounts) -> {
            List<SortedMap<String, Long>> list = new ArrayList<>();
            amounts.forEach(amount -> list.add(Collections.unmodifiableSortedMap(new TreeMap<>(amount))));
            copy.put(role, List.copyOf(list));
        });
        return Map.copyOf(copy);
    }
}
