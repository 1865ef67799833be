package io.finback.controlplane.job;

/** What somebody may do with jobs, by their names. The check throws what the API answers to who may not. */
public interface JobAccess {
    /** Everything. */
    JobAccess ALL = new JobAccess() {
        @Override
        public boolean sees(String name) {
            return true;
        }

        @Override
        public void change(String name) {}
    };

    boolean sees(String name);

    void change(String name);
}
