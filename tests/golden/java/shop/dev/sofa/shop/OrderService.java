package dev.sofa.shop;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.Calendar;
import java.util.List;
import java.util.Map;
import java.util.Set;

public interface OrderService extends Repository<Order, String> {
    Page<Order> find(Query query) throws OrderException;

    Map<String, List<Order.Line>> lines(Set<String> ids);

    Payment pay(String id, Payment payment) throws ShopException;

    void note(String id, int code);

    void note(String id, Integer code);

    void note(String id, String... texts);

    BigDecimal getURLPrice(String url);

    void delete(String id);

    Category categories(Category root);

    Customer register(Customer customer);

    Order.Status[][] board(Order.Status[] states, Payment[] payments, Calendar since);

    Object any(Serializable value);

    Map<Order.Line, Integer> stock();

    <E extends Entity> E keep(E entity);
}
