// The bundler gives .sql files as their text (a rule of the platform's own tools).
declare module '*.sql' {
  const text: string
  export default text
}
