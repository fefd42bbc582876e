package dev.sofa.shop;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Fields of its own and of two parents, in whose groups the writer mixes them. */
public class Order extends Audited<String> {
    private static final long serialVersionUID = 1L;

    public enum Status { NEW, PAID { }, SENT }

    public static class Line implements Serializable {
        private static final long serialVersionUID = 1L;
        public BigDecimal price;
        public Integer quantity;
        public String sku;
    }

    public Line[] lines;
    public String URL;
    public Status status;
    public Number score;
    public Map<String, BigDecimal> totals = new LinkedHashMap<String, BigDecimal>();
    public boolean operator;
    public Set<String> tags = new HashSet<String>();
    public Attributes attributes;
    public int[][] matrix;
    public Customer buyer;
    public Double xCoord;
    public Object extra;
}
