package dev.sofa.shop;

import java.io.Serializable;
import java.util.Date;
import java.util.List;

public class Query implements Serializable {
    private static final long serialVersionUID = 1L;
    public String text;
    public Date from;
    public List<Order.Status> states;
    public Filter filter;
    public Short limit;
}
