package io.finback.meshrouter.traffic;

import io.finback.meshrouter.resilience.RetryBudget;
import java.util.List;

/** A bound name: where its requests may go at this moment. Thread-safe. */
public interface Destination {
    /** The bound id, such as {@code /#/io.finback/web}. */
    String id();

    /** Ready endpoints now; the same Endpoint object for as long as its address stays. */
    List<Endpoint> endpoints();

    Stats stats();

    /** One of {@code candidates}, which must not be empty: all endpoints, or those not tried yet. */
    Endpoint pick(List<Endpoint> candidates, long nowNanos);

    ClientPolicy policy();

    /** For attempts that were provably not processed. */
    RetryBudget requeues();
}
