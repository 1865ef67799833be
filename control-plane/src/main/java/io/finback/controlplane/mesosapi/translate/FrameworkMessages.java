package io.finback.controlplane.mesosapi.translate;

import static io.finback.mesos.translate.Labelled.wrong;

import io.finback.controlplane.allocator.Capability;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.mesos.translate.Labelled;
import io.finback.mesos.translate.ResourceMessages;
import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.Protos.OfferFilters;
import org.apache.mesos.v1.Protos.Value;

/** {@code FrameworkInfo}. Source: apache/mesos {@code src/master/validation.cpp}. */
@SuppressWarnings("deprecation") // FrameworkInfo.role, which frameworks without MULTI_ROLE speak
public final class FrameworkMessages {
    private static final String ANY_ROLE = "*";
    /** Mesos keeps durations in 64 bits of nanoseconds. */
    private static final double MAX_SECONDS = Long.MAX_VALUE / 1e9;

    private FrameworkMessages() {}

    /** Who subscribes. Names of roles are checked by the framework itself. */
    public static FrameworkInfo from(Protos.FrameworkInfo message) {
        Set<Capability> capabilities = capabilities(message);
        double timeout = message.getFailoverTimeout();
        if (!(timeout >= 0) || timeout >= MAX_SECONDS) {
            throw wrong("framework_info.failover_timeout", timeout, "seconds from 0 to " + (long) MAX_SECONDS);
        }
        return new FrameworkInfo(
                message.getName(),
                message.getPrincipal(),
                roles(message, capabilities.contains(Capability.MULTI_ROLE)),
                Duration.ofNanos((long) (timeout * 1e9)),
                message.getUser(),
                capabilities,
                message.getCheckpoint(),
                message.hasHostname() ? Optional.of(message.getHostname()) : Optional.empty(),
                message.hasWebuiUrl() ? Optional.of(message.getWebuiUrl()) : Optional.empty(),
                Labelled.from(message.getLabels()),
                minimums(message.getOfferFiltersMap()));
    }

    /** As Mesos shows it. */
    public static Protos.FrameworkInfo to(FrameworkId id, FrameworkInfo info) {
        Protos.FrameworkInfo.Builder message = Protos.FrameworkInfo.newBuilder()
                .setUser(info.user())
                .setName(info.name())
                .setId(Protos.FrameworkID.newBuilder().setValue(id.value()))
                .setFailoverTimeout(info.failoverTimeout().toNanos() / 1e9)
                .setCheckpoint(info.checkpoint());
        if (info.has(Capability.MULTI_ROLE)) {
            message.addAllRoles(info.roles());
        } else {
            message.setRole(info.roles().isEmpty() ? ANY_ROLE : info.roles().get(0));
        }
        info.hostname().ifPresent(message::setHostname);
        info.webuiUrl().ifPresent(message::setWebuiUrl);
        if (!info.principal().isEmpty()) {
            message.setPrincipal(info.principal());
        }
        info.capabilities().stream()
                .sorted()
                .forEach(capability -> message.addCapabilities(Protos.FrameworkInfo.Capability.newBuilder()
                        .setType(Protos.FrameworkInfo.Capability.Type.valueOf(capability.name()))));
        if (!info.labels().isEmpty()) {
            message.setLabels(Labelled.to(info.labels()));
        }
        info.minimums().forEach((role, amounts) -> message.putOfferFilters(role, filters(amounts)));
        return message.build();
    }

    private static Set<Capability> capabilities(Protos.FrameworkInfo message) {
        Set<Capability> capabilities = EnumSet.noneOf(Capability.class);
        for (Protos.FrameworkInfo.Capability capability : message.getCapabilitiesList()) {
            // UNKNOWN is what a later Mesos' capability reads as.
            if (capability.getType() != Protos.FrameworkInfo.Capability.Type.UNKNOWN) {
                capabilities.add(Capability.valueOf(capability.getType().name()));
            }
        }
        return capabilities;
    }

    private static List<String> roles(Protos.FrameworkInfo message, boolean several) {
        if (several) {
            if (message.hasRole()) {
                throw wrong("framework_info.role", message.getRole(), "roles, as the framework has MULTI_ROLE");
            }
            return List.copyOf(message.getRolesList());
        }
        if (message.getRolesCount() > 0) {
            throw wrong("framework_info.roles", message.getRolesList(), "role, as the framework has no MULTI_ROLE");
        }
        return List.of(message.hasRole() ? message.getRole() : ANY_ROLE);
    }

    private static Map<String, List<SortedMap<String, Long>>> minimums(Map<String, OfferFilters> filters) {
        Map<String, List<SortedMap<String, Long>>> minimums = new HashMap<>();
        filters.forEach((role, filter) -> {
            List<SortedMap<String, Long>> amounts = new ArrayList<>();
            for (OfferFilters.ResourceQuantities quantities :
                    filter.getMinAllocatableResources().getQuantitiesList()) {
                SortedMap<String, Long> amount = new TreeMap<>();
                quantities.getQuantitiesMap().forEach((name, scalar) -> {
                    String field = "framework_info.offer_filters." + role + "." + name;
                    amount.put(name, Resources.thousandths(field, scalar.getValue()));
                });
                amounts.add(amount);
            }
            if (!amounts.isEmpty()) {
                minimums.put(role, amounts);
            }
        });
        return minimums;
    }

    private static OfferFilters filters(List<SortedMap<String, Long>> amounts) {
        OfferFilters.MinAllocatableResources.Builder minimum = OfferFilters.MinAllocatableResources.newBuilder();
        amounts.forEach(amount -> {
            OfferFilters.ResourceQuantities.Builder quantities = OfferFilters.ResourceQuantities.newBuilder();
            amount.forEach((name, milli) -> {
                Value.Scalar scalar = ResourceMessages.scalar(milli);
                quantities.putQuantities(name, scalar);
            });
            minimum.addQuantities(quantities);
        });
        return OfferFilters.newBuilder().setMinAllocatableResources(minimum).build();
    }
}
