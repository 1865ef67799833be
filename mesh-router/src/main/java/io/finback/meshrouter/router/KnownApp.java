package io.finback.meshrouter.router;

import io.finback.names.Address;
import io.finback.wire.AppEndpoints;
import java.util.List;
import java.util.Set;

/**
 * What is known of one app.
 *
 * @param addresses the ready instances' first ports; the same list object until they change
 * @param link the membership this was last heard in: not the present one means it is the last good
 */
public record KnownApp(AppEndpoints endpoints, List<Address> addresses, int link) {
    static KnownApp of(AppEndpoints endpoints, int link) {
        return new KnownApp(endpoints, addressesOf(endpoints), link);
    }

    private static List<Address> addressesOf(AppEndpoints endpoints) {
        return endpoints.ready().stream()
                .filter(instance -> !instance.ports().isEmpty())
                .map(instance -> new Address(instance.host(), instance.ports().get(0)))
                .toList();
    }

    KnownApp confirmedIn(int newLink) {
        List<Address> all = addressesOf(endpoints);
        return new KnownApp(endpoints, all.equals(addresses) ? addresses : all, newLink);
    }

    /** The same without what now belongs to somebody else. */
    KnownApp without(Set<Address> taken) {
        if (addresses.stream().noneMatch(taken::contains)) {
            return this;
        }
        List<Address> left = addresses.stream().filter(a -> !taken.contains(a)).toList();
        return new KnownApp(endpoints, left, link);
    }
}
