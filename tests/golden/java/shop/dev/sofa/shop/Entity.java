package dev.sofa.shop;

import java.io.Serializable;
import java.util.Date;

public abstract class Entity implements Serializable {
    private static final long serialVersionUID = 1L;
    public static int made;
    public transient Object cache;
    public Date created;
    public String id;
    public long version;
}
