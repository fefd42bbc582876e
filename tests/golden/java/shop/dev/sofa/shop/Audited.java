package dev.sofa.shop;

import java.util.List;

public abstract class Audited<T> extends Entity {
    private static final long serialVersionUID = 1L;
    public List<String> auditors;
    public T last;
    public String version;
}
