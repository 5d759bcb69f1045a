"""Which statements of the cells that ran are needed.

The rule: a statement is kept if it binds a name that is needed, or mentions a needed name whose value can change and
does not merely look at it. What is not understood is kept.

The walk goes through the modules in this order:

1. `statements`: the text of the cells becomes the statements that ran, magics taken out.
2. `names`: which names each statement binds and reads, now or later, and which binding a name had at a moment.
3. `walking`: what the text of a statement or function does with names, as the data of `uses`. `known` lists what only
   looks.
4. `following`: statement by statement, which values it may have changed, and which values share something from then on.
5. `slicer`: from the names that are wanted back to all that they need.

For example, of the cells

    books = []                   # 0
    def add(row):                # 1
        books.append(row)
    add("Emma")                  # 2
    n = index(books)             # 3
    print(books)                 # 4

a server that reads ``books`` needs 0, 1, 2 and 3. Statement 0 binds the name. Statement 2 calls ``add``, which appends
to ``books``, so it is kept, and needs 1. What ``index`` does is unknown, so 3 is kept too. Statement 4 merely looks.
"""
