package io.finback.meshrouter.balance;

/** What a balancer sees of an endpoint. Times are nanoseconds of any steady clock. */
public interface Node {
    /** Whether it should get requests; a balancer that finds nobody open takes one that is not. */
    boolean isOpen(long now);

    /** How busy it is; less is better, 0 is idle. Comparable only between nodes with the same metric. */
    double load(long now);

    /** Its share of requests among its neighbours, >= 0; only balancers that {@linkplain Balancer#weighs weigh} ask. */
    default double weight() {
        return 1;
    }
}
