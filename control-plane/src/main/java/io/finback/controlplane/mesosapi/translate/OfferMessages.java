package io.finback.controlplane.mesosapi.translate;

import io.finback.controlplane.allocator.Capability;
import io.finback.controlplane.allocator.MaintenanceSchedule;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.controlplane.framework.Offer;
import io.finback.controlplane.framework.SchedulerEvent;
import io.finback.mesos.translate.ResourceMessages;
import io.finback.mesos.translate.StatusMessages;
import io.finback.resources.FaultDomain;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.Protos.Attribute;
import org.apache.mesos.v1.Protos.DomainInfo;
import org.apache.mesos.v1.Protos.Resource;
import org.apache.mesos.v1.Protos.Value;

/** Offers and inverse offers, in the words of the framework they go to. */
public final class OfferMessages {
    /** Mesos' default when {@code refuse_seconds} is absent, negative or no number. */
    public static final Duration DEFAULT_REFUSE = Duration.ofSeconds(5);
    /** Mesos caps it there. */
    private static final Duration MAX_REFUSE = Duration.ofDays(365);

    private static final Pattern NUMBER = Pattern.compile("-?\\d{1,15}(\\.\\d{1,15})?");
    private static final Pattern RANGES = Pattern.compile("\\[\\d{1,18}-\\d{1,18}(, ?\\d{1,18}-\\d{1,18})*\\]");
    private static final Pattern IP = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

    private OfferMessages() {}

    /** How long an offer, or what was left of it, is refused. */
    public static Duration refuse(boolean given, Protos.Filters filters) {
        double seconds = given ? filters.getRefuseSeconds() : DEFAULT_REFUSE.toSeconds();
        if (!(seconds >= 0)) {
            return DEFAULT_REFUSE;
        }
        return seconds >= MAX_REFUSE.toSeconds() ? MAX_REFUSE : Duration.ofNanos((long) (seconds * 1e9));
    }

    /** The format of resources that a framework understands. */
    public static ResourceMessages.Format format(FrameworkInfo reader) {
        return reader.has(Capability.RESERVATION_REFINEMENT)
                ? ResourceMessages.Format.REFINED
                : ResourceMessages.Format.BEFORE_REFINEMENT;
    }

    /** An offer for a framework; one without MULTI_ROLE is not told of allocation. */
    public static Protos.Offer to(Offer offer, FrameworkInfo reader) {
        Optional<String> role = reader.has(Capability.MULTI_ROLE) ? Optional.of(offer.role()) : Optional.empty();
        Protos.Offer.Builder message = Protos.Offer.newBuilder()
                .setId(Protos.OfferID.newBuilder().setValue(offer.id().value()))
                .setFrameworkId(Protos.FrameworkID.newBuilder()
                        .setValue(offer.framework().value()))
                .setAgentId(Protos.AgentID.newBuilder().setValue(offer.agent().value()))
                .setHostname(offer.hostname())
                .setUrl(url(offer.hostname(), offer.httpPort()))
                .addAllResources(ResourceMessages.to(offer.resources(), format(reader), role));
        role.ifPresent(name ->
                message.setAllocationInfo(Resource.AllocationInfo.newBuilder().setRole(name)));
        offer.attributes().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(entry -> message.addAttributes(attribute(entry.getKey(), entry.getValue())));
        offer.executors()
                .forEach(executor ->
                        message.addExecutorIds(Protos.ExecutorID.newBuilder().setValue(executor)));
        offer.domain().ifPresent(domain -> message.setDomain(to(domain)));
        offer.unavailability().ifPresent(when -> message.setUnavailability(to(when)));
        return message.build();
    }

    public static Protos.InverseOffer to(SchedulerEvent.InverseOffer offer) {
        return Protos.InverseOffer.newBuilder()
                .setId(Protos.OfferID.newBuilder().setValue(offer.id().value()))
                .setFrameworkId(Protos.FrameworkID.newBuilder()
                        .setValue(offer.framework().value()))
                .setAgentId(Protos.AgentID.newBuilder().setValue(offer.agent().value()))
                .setUnavailability(to(offer.unavailability()))
                .build();
    }

    /** An agent's address, with the path of its process in Mesos. */
    public static Protos.URL url(String hostname, int port) {
        Protos.Address.Builder address =
                Protos.Address.newBuilder().setHostname(hostname).setPort(port);
        if (IP.matcher(hostname).matches()) {
            address.setIp(hostname);
        }
        return Protos.URL
                .newBuilder()
                .setScheme("http")
                .setAddress(address)
                .setPath("/slave(1)")
                .build();
    }

    /** Its type is what its text looks like, as Mesos reads it from an agent's flags. */
    public static Attribute attribute(String name, String text) {
        Attribute.Builder attribute = Attribute.newBuilder().setName(name);
        if (NUMBER.matcher(text).matches()) {
            return attribute
                    .setType(Value.Type.SCALAR)
                    .setScalar(Value.Scalar.newBuilder().setValue(Double.parseDouble(text)))
                    .build();
        }
        if (RANGES.matcher(text).matches()) {
            Value.Ranges.Builder ranges = Value.Ranges.newBuilder();
            for (String range : text.substring(1, text.length() - 1).split(",", -1)) {
                int dash = range.indexOf('-');
                ranges.addRange(Value.Range.newBuilder()
                        .setBegin(Long.parseLong(range.substring(0, dash).trim()))
                        .setEnd(Long.parseLong(range.substring(dash + 1).trim())));
            }
            return attribute.setType(Value.Type.RANGES).setRanges(ranges).build();
        }
        return attribute
                .setType(Value.Type.TEXT)
                .setText(Value.Text.newBuilder().setValue(text))
                .build();
    }

    public static DomainInfo to(FaultDomain domain) {
        return DomainInfo.newBuilder()
                .setFaultDomain(DomainInfo.FaultDomain.newBuilder()
                        .setRegion(
                                DomainInfo.FaultDomain.RegionInfo.newBuilder().setName(domain.region()))
                        .setZone(DomainInfo.FaultDomain.ZoneInfo.newBuilder().setName(domain.zone())))
                .build();
    }

    public static Protos.Unavailability to(MaintenanceSchedule.Unavailability when) {
        Protos.Unavailability.Builder message = Protos.Unavailability.newBuilder()
                .setStart(Protos.TimeInfo.newBuilder().setNanoseconds(StatusMessages.nanoseconds(when.start())));
        when.duration()
                .ifPresent(duration ->
                        message.setDuration(Protos.DurationInfo.newBuilder().setNanoseconds(duration.toNanos())));
        return message.build();
    }
}
