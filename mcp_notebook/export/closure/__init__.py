"""Which statements of the cells that ran the definitions of a server need.

The walk goes through the rooms in this order:

1. `statements`: the text of the cells becomes the statements that ran, magics taken out.
2. `names`: which names each statement binds and reads, now or later, and which binding a name had at a moment.
3. `effects`: what the text of a statement or function says that it does, without knowing to which objects.
4. `moments`: statement by statement, the same with the objects that are there then; each change is noted with the
   object that it changes. What each object may hold grows in the graph of `objects.reach`.
5. `closing`: from what is wanted back to all that it needs. A name that is read brings the statement that bound it; the
   object behind that brings all that it may hold, and every statement that changed one of these by then.
6. `pitfalls`: what is said of that, and of all that stays behind.

For example, of the cells

    books = []                   # 0
    def add(row):                # 1
        books.append(row)
    add("Emma")                  # 2
    print(books)                 # 3

a server that reads ``books`` needs 0, 1 and 2. Statement 0 made the object. The effects of ``add`` have a call of
``append`` on ``books``; statement 2 calls ``add``, so it changes the object of 0, and needs 1 for that. Statement 3
changes nothing, and is left out.
"""
