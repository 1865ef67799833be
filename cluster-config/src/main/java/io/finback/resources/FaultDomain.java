package io.finback.resources;

/** Where a machine fails together with others: a zone within a region. Source: Mesos {@code DomainInfo.FaultDomain}. */
public record FaultDomain(String region, String zone) {
    public FaultDomain {
        if (region.isBlank() || zone.isBlank()) {
            throw new IllegalArgumentException(
                    "fault domain: region '" + region + "', zone '" + zone + "' (expected: neither empty)");
        }
    }
}
